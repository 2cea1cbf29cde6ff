// Documents in an index → labels in a stream of the same server, through the real command; beside it what copies the same
// index: elasticdump (fetched by npx, no dependency of ours) and the server's own _reindex.
// Run: node --conditions=source bench/siem.ts [documents] [distinct texts] [rounds] [product]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { dailyWork } from "../samples/daily-work.ts";
import { createRandom } from "../samples/random.ts";
import { auditdManager } from "../samples/shapes.ts";
import { serverVersions } from "../test/servers/server-version.ts";
import { startServer } from "../test/servers/start-server.ts";

const root = resolve(import.meta.dirname, "..");
const source = "bench-auditd";
const elasticdump = "elasticdump@6.125.1";

/** One way of getting the documents from one index into another. */
export interface SiemResult {
  readonly name: string;
  readonly documents: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Processor time and peak memory of the process that moves them; the server's own work is not in it. */
  readonly cpuSeconds?: number;
  readonly peakMb?: number;
}

/** Measures all ways on one server, one after the other in each of `rounds`; a row holds the median round of a way. */
export async function benchSiem(
  documents = 200_000,
  distinct = 20_000,
  rounds = 3,
  product = "opensearch",
): Promise<SiemResult[]> {
  const version = serverVersions.find((one) => one.product === product);
  if (version === undefined) throw new Error(`no server ${product}`);
  const server = await startServer(version, { heap: "1g" });
  const folder = mkdtempSync(join(tmpdir(), "tagsmith-siem-"));
  try {
    await load(server.url, documents, distinct);
    const config = (round: number): string => {
      const path = join(folder, `${round}.yaml`);
      writeFileSync(path, configText(product, server.url, join(folder, `${round}.db`)));
      return path;
    };
    await tagsmith(["install", "--config", config(0)]);
    const found: SiemResult[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      for (const way of waysOf(server.url, distinct, config(round)))
        found.push(await measure(server.url, documents, way));
    }
    return [...Map.groupBy(found, ({ name }) => name).values()].map(median);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Way {
  readonly name: string;
  readonly target: string;
  run(): Promise<Use | undefined>;
}

function waysOf(url: string, distinct: number, config: string): readonly Way[] {
  const from = [`--input=${url}/${source}`, `--output=${url}/bench-dumped`];
  const reindex = { source: { index: source }, dest: { index: "bench-reindexed" } };
  return [
    {
      name: "_reindex",
      target: "bench-reindexed",
      run: () => reindexed(url, reindex),
    },
    {
      name: "elasticdump",
      target: "bench-dumped",
      run: () => run("npx", ["--yes", elasticdump, ...from, "--limit=10000", "--type=data", "--quiet"]),
    },
    {
      name: `tagsmith, ${distinct} distinct texts`,
      target: "tagsmith-labels-default",
      run: () => tagsmith(["run", "--config", config, "--quiet"]),
    },
  ];
}

async function measure(url: string, documents: number, { name, target, run }: Way): Promise<SiemResult> {
  const started = performance.now();
  const use = await run();
  const seconds = (performance.now() - started) / 1000;
  const found = await count(url, target);
  if (found !== documents) throw new Error(`${name}: ${found} of ${documents} documents came through`);
  if (!name.startsWith("tagsmith")) await call(url, "DELETE", target);
  else for (const stream of [`_data_stream/${target}`, "tagsmith-verdicts-default"]) await call(url, "DELETE", stream);
  return { name, documents, seconds, perSecond: Math.round(documents / seconds), ...use };
}

/** As a task that is asked about: the answer of one that is waited for has a warning header for each batch, too many to read. */
async function reindexed(url: string, body: unknown): Promise<undefined> {
  const { task } = z
    .object({ task: z.string() })
    .parse(await call(url, "POST", "_reindex?wait_for_completion=false", body));
  const state = z.object({ completed: z.boolean() });
  while (!state.parse(await call(url, "GET", `_tasks/${task}`)).completed) await sleep(20);
}

function median(results: readonly SiemResult[]): SiemResult {
  const sorted = results.toSorted((a, b) => a.seconds - b.seconds);
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) throw new Error("nothing was measured");
  return middle;
}

function tagsmith(args: readonly string[]): Promise<Use> {
  return run(process.execPath, [join(root, "bin", "tagsmith.js"), ...args]);
}

function configText(product: string, url: string, state: string): string {
  return [
    `source: { type: ${product}, urls: ["${url}"], indices: [${source}], from: beginning, once: true, safety_lag_secs: 0, compression: false }`,
    `sink: { type: ${product}, urls: ["${url}"], compression: false }`,
    `state: { path: ${state} }`,
  ].join("\n");
}

/** Auditbeat-like documents in time order, over `distinct` texts and 2,000 sessions. */
async function load(url: string, documents: number, distinct: number): Promise<void> {
  const random = createRandom(7);
  const words = Object.values(dailyWork).flat();
  const texts = Array.from({ length: distinct }, (_, n) => {
    return `${random.pick(words).replaceAll(/\{\w+\}/g, `x${n}`)} ${n}`;
  });
  const keyword = { type: "keyword", ignore_above: 1024 };
  const dynamic_templates = [{ strings: { match_mapping_type: "string", mapping: keyword } }];
  const mappings = { dynamic_templates, properties: { "@timestamp": { type: "date" } } };
  await call(url, "PUT", source, { mappings, settings: { "index.number_of_replicas": 0 } });
  for (let from = 0; from < documents; from += 5_000) {
    const lines: string[] = [];
    for (let n = from; n < Math.min(from + 5_000, documents); n += 1) {
      const session = random.below(2_000);
      // New texts come evenly through the whole of the documents.
      const known = Math.floor((n * distinct) / documents);
      const isNew = n === 0 || known > Math.floor(((n - 1) * distinct) / documents);
      const command = texts[isNew ? known : random.below(known + 1)] ?? "id";
      const host = `host-${session % 97}`;
      const step = {
        timeMs: Date.UTC(2026, 0, 1) + n * 20,
        host,
        user: `u${session % 31}`,
        session: `${session}`,
        command,
        pid: n % 65_536,
        serial: n,
      };
      lines.push(`{"create":{"_id":"d${n}"}}`, auditdManager(step));
    }
    await fetch(`${url}/${source}/_bulk?filter_path=errors`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: `${lines.join("\n")}\n`,
    }).then((answer) => answer.text());
  }
  await call(url, "POST", `${source}/_refresh`);
  if ((await count(url, source)) !== documents) throw new Error("not all documents could be loaded");
}

async function call(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const answer = await fetch(`${url}/${path}`, { method, ...init });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

async function count(url: string, index: string): Promise<number> {
  await call(url, "POST", `${index}/_refresh`);
  return Number(Reflect.get(Object(await call(url, "GET", `${index}/_count`)), "count"));
}

interface Use {
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

/** Runs a command to its end, and says what it and its children used. */
async function run(command: string, args: readonly string[]): Promise<Use> {
  const child = spawn("/usr/bin/time", ["-f", "used %U %S %M", command, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString("utf8");
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}: ${err.slice(-500)}`);
  const [, user = "0", system = "0", kilobytes = "0"] = /used ([\d.]+) ([\d.]+) (\d+)/.exec(err) ?? [];
  return { cpuSeconds: Number(user) + Number(system), peakMb: Math.round(Number(kilobytes) / 1024) };
}

if (import.meta.main) {
  const [documents, distinct, rounds] = process.argv.slice(2, 5).map(Number);
  const results = await benchSiem(documents, distinct, rounds, process.argv[5]);
  console.table(results);
  for (const result of results) console.log(JSON.stringify(result));
}
