import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "../../samples/random.ts";

/** How input is made: sessions stay within a file (`home-…`), or wander over several (`roam-…`). */
interface InputSettings {
  readonly files: number;
  readonly eventsPerFile: number;
  readonly seed: number;
}

export const inputStartMs = Date.UTC(2026, 2, 1);

/** Writes files of events; some sessions pause long enough for a second segment. */
export function writeInput(folder: string, { files, eventsPerFile, seed }: InputSettings): void {
  mkdirSync(folder, { recursive: true });
  const random = createRandom(seed);
  for (let file = 0; file < files; file += 1) {
    const lines = Array.from({ length: eventsPerFile }, (_, n) => {
      const isRoaming = random.below(3) === 0;
      const session = isRoaming ? `roam-${random.below(20)}` : `home-${file}-${random.below(6)}`;
      const pauseMs = n < eventsPerFile / 2 ? 0 : 3_600_000;
      const timestamp = new Date(inputStartMs + pauseMs + 2_000 * n + random.below(1_500)).toISOString();
      const cmdline = `tool-${random.below(400)} --file ${file} --n ${n}`;
      return JSON.stringify({ timestamp, session_id: session, host: `web-${file % 3}`, user: "carol", cmdline });
    });
    writeFileSync(join(folder, `input-${String(file).padStart(2, "0")}.ndjson`), `${lines.join("\n")}\n`);
  }
}

/** Rules, and correlations of each kind by fields that are not the session's, one over another and one over verdicts. */
const rulesFor = (files: number): string => `title: Some tools
name: some_tools
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2b01
logsource: { product: tagsmith, category: label }
detection: { selection: { text|startswith: [tool-1, tool-2] }, condition: selection }
level: low
---
title: Last tools
name: last_tools
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2b02
logsource: { product: linux, category: process_creation }
detection: { selection: { CommandLine|re: '^tool-39\\d ' }, condition: selection }
level: medium
---
title: Judged
name: judged
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2b03
logsource: { product: tagsmith, category: verdict }
detection: { selection: { session|contains: home-, verdict_score|gte: 0 }, condition: selection }
level: high
---
title: Many tools on a host
name: many_tools
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2b04
correlation: { type: event_count, rules: [some_tools], group-by: [host], timespan: 20s, condition: { gte: ${2 * files + 2} }, generate: true }
level: medium
---
title: Many sessions of rare tools on a host
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2b05
correlation:
  { type: value_count, rules: [last_tools], group-by: [host], timespan: 5m, condition: { field: session, gte: ${files / 3} }, generate: true }
level: medium
---
title: First these, then those
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2b06
correlation:
  { type: temporal_ordered, rules: [last_tools, some_tools], group-by: [host, user], timespan: 1s, generate: true }
level: high
---
title: Busy again and again
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2b07
correlation: { type: event_count, rules: [many_tools], group-by: [user], timespan: 1m, condition: { gte: ${files / 2} }, generate: true }
level: critical
---
title: Tools before the verdict
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2b08
correlation: { type: temporal, rules: [judged, last_tools], group-by: [host], timespan: 30s, generate: true }
level: critical
`;

/** The block that asks them; events may come as late as a process reads so many files that lie beside each other. */
export function writeRules(folder: string, files: number): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "rules.yml");
  writeFileSync(path, rulesFor(files));
  return `detect: { rules: [${path}], lateness_secs: 100000 }`;
}

/** Writes a configuration that reads `paths` into `folder`; `extra` may hold a cluster, `source` more of the source. */
export function writeNodeConfig(
  folder: string,
  name: string,
  paths: readonly string[],
  extra: string,
  source = "",
): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.yaml`);
  const [labels, verdicts, dead] = ["labels", "verdicts", "dead"].map((kind) => join(folder, `${kind}.ndjson`));
  const lines = [
    `source: { type: file, ${source} paths: ${JSON.stringify(paths)}, batch_records: 20 }`,
    `sink: { type: file, labels: ${labels}, verdicts: ${verdicts}, dead_letters: ${dead} }`,
    `state: { path: ${join(folder, "state.db")} }`,
    "session: { emit: final, min_window_size: 4, score_every: 2 }",
    "pipeline: { max_batches_in_flight: 2 }",
    extra,
  ];
  writeFileSync(path, lines.join("\n"));
  return path;
}

/** A node in a process of its own; what it says on standard error goes to `onSaid`. */
export function startNode(
  config: string,
  batchMs: number,
  onSaid: (text: string) => void = () => undefined,
): ChildProcess {
  const child = fork(join(import.meta.dirname, "cluster-node-process.ts"), [config, String(batchMs)], {
    execArgv: ["--conditions=source"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  child.stderr?.on("data", (chunk: Buffer) => onSaid(chunk.toString("utf8")));
  return child;
}

/** Resolves with the exit code; null when it was killed. */
export function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", resolve));
}

/** The lines of an output by whichever node wrote them, those of a part of the work in the order of its owners. */
function linesOf(folder: string, output: string): string[] {
  try {
    return linesNow(folder, output);
  } catch (error) {
    // An owner has taken the file of the one before away.
    if (Object(error).code === "ENOENT") return linesOf(folder, output);
    throw error;
  }
}

function linesNow(folder: string, output: string): string[] {
  const files = readdirSync(folder).filter((file) => file.startsWith(`${output}.`) && file.endsWith(".ndjson"));
  const tokenOf = (file: string): number => Number(file.split(".").at(-2));
  files.sort((a, b) => tokenOf(a) - tokenOf(b));
  // What follows the last newline is being written.
  return files.flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n").slice(0, -1));
}

/** What was written, so that runs can be compared. */
export interface Outcome {
  readonly labels: readonly string[];
  /** Of sessions whose events came in order: each line once. */
  readonly ordered: readonly string[];
  /** The last verdict of each segment that has events. */
  readonly verdicts: readonly string[];
  /** Empty where no rules are asked. */
  readonly alerts: readonly string[];
}

export function readOutcome(folder: string): Outcome {
  const lines = linesOf(folder, "verdicts");
  const last = new Map<string, string>();
  for (const line of lines) {
    const { id, events } = JSON.parse(line).tagsmith.verdict;
    if (events > 0) last.set(String(id), line);
    else last.delete(String(id));
  }
  return {
    labels: linesOf(folder, "labels").sort(),
    ordered: lines.filter((line) => line.includes("home-")).sort(),
    verdicts: [...last.values()].sort(),
    alerts: linesOf(folder, "alerts").sort(),
  };
}
