// Documents in a file → labels and verdicts in files, through the real command; peak memory of the process.
// Run: node bench/end-to-end.ts [events] [distinct]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { dailyWork } from "../samples/daily-work.ts";
import { createRandom } from "../samples/random.ts";

const root = resolve(import.meta.dirname, "..");

/** One end-to-end measurement. */
export interface EndToEndResult {
  readonly name: "end_to_end";
  readonly events: number;
  readonly distinct: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** Peak resident memory of the process that runs the pipeline. */
  readonly peakMb: number;
  readonly sessions: number;
}

/** Writes `events` plain rows over `distinct` texts and 2,000 sessions, in time order. */
async function writeInput(path: string, events: number, distinct: number): Promise<void> {
  const random = createRandom(11);
  const words = Object.values(dailyWork).flat();
  const texts = Array.from({ length: distinct }, (_, index) => random.pick(words).replaceAll(/\{\w+\}/g, `x${index}`));
  const file = createWriteStream(path);
  let chunk: string[] = [];
  for (let index = 0; index < events; index += 1) {
    const session = random.below(2_000);
    const timestamp = new Date(Date.UTC(2026, 0, 1) + index * 20).toISOString();
    chunk.push(
      JSON.stringify({
        timestamp,
        host: `host-${session % 97}`,
        user: `u${session % 31}`,
        session_id: `s${session}`,
        cmdline: random.pick(texts),
      }),
    );
    if (chunk.length === 10_000) {
      if (!file.write(`${chunk.join("\n")}\n`)) await once(file, "drain");
      chunk = [];
    }
  }
  file.end(chunk.length > 0 ? `${chunk.join("\n")}\n` : "");
  await once(file, "close");
}

/** Highest resident memory in MB among a process and its child, while they run. */
function watchMemory(pid: number): { peakMb(): number; stop(): void } {
  let peak = 0;
  const read = (id: number): number =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0) / 1024;
  const timer = setInterval(() => {
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
        .trim()
        .split(" ")
        .filter(Boolean)
        .map(Number);
      for (const id of children) peak = Math.max(peak, read(id));
    } catch {
      // The process has ended between two looks.
    }
  }, 100);
  return { peakMb: () => Math.round(peak), stop: () => clearInterval(timer) };
}

/** Runs the pipeline over generated input in a temporary folder. */
export async function benchEndToEnd(events = 200_000, distinct = 4_000): Promise<EndToEndResult> {
  const folder = mkdtempSync(join(tmpdir(), "tagsmith-bench-"));
  try {
    const input = join(folder, "input.ndjson");
    await writeInput(input, events, distinct);
    const config = join(folder, "tagsmith.yaml");
    const out = (name: string): string => join(folder, name);
    writeFileSync(
      config,
      `source: { type: file, paths: [${input}] }\nsink: { type: file, labels: ${out("l")}, verdicts: ${out("v")}, dead_letters: ${out("d")} }\nstate: { path: ${out("s.db")} }\n`,
    );
    const started = performance.now();
    const child = spawn(process.execPath, [join(root, "bin", "tagsmith.js"), "run", "--config", config, "--json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const memory = watchMemory(child.pid ?? 0);
    let json = "";
    child.stdout.on("data", (chunk: Buffer) => {
      json += chunk.toString("utf8");
    });
    await once(child, "close");
    memory.stop();
    const seconds = (performance.now() - started) / 1000;
    const summary: { events: number; sessions: { intrusion: number; normal_operation: number } } = JSON.parse(json);
    if (summary.events !== events) throw new Error(`${summary.events} of ${events} events came through`);
    const sessions = summary.sessions.intrusion + summary.sessions.normal_operation;
    return {
      name: "end_to_end",
      events,
      distinct,
      seconds,
      eventsPerSecond: Math.round(events / seconds),
      peakMb: memory.peakMb(),
      sessions,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const [events, distinct] = process.argv.slice(2).map(Number);
  const result = await benchEndToEnd(events, distinct);
  console.log(
    `${result.events} events, ${result.distinct} distinct texts: ${result.seconds.toFixed(1)} s, ${result.eventsPerSecond}/s, peak ${result.peakMb} MB`,
  );
  console.log(JSON.stringify(result));
}
