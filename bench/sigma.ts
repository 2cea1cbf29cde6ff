// Reading, compiling and matching all rules of SigmaHQ, beside rsigma (crates.io, built by cargo) and pySigma (PyPI, run by uv).
// Run: node --expose-gc --conditions=source bench/sigma.ts [events]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { dailyWork } from "../samples/daily-work.ts";
import { createRandom } from "../samples/random.ts";
import { compileRules, type EventSource, type Rule } from "../src/sigma/index.ts";
import { parse } from "../src/sigma/parse/parse.ts";
import { activeRules, ruleFiles, unpack } from "../test/sigma-peers/peers.ts";

const source: EventSource = { product: "linux", category: "process_creation" };

/** One measurement; speeds are of one core, the best of several runs. */
export interface SigmaResult {
  readonly name: string;
  readonly rules: number;
  readonly parseMs: number;
  readonly parseAndCompileMs: number;
  readonly heapMb?: number;
  readonly routedPerSecond?: number;
  readonly allPerSecond?: number;
  readonly routedMatches?: number;
  readonly allMatches?: number;
}

/** Measures all on the same files and events. */
export function benchSigma(count = 5_000): SigmaResult[] {
  const unpacked = unpack("rules");
  const folder = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  try {
    const files = ruleFiles(unpacked.folder, activeRules);
    const events = processEvents(count);
    const list = join(folder, "files.txt");
    const lines = join(folder, "events.ndjson");
    writeFileSync(list, `${files.join("\n")}\n`);
    writeFileSync(lines, `${events.map((event) => JSON.stringify(event)).join("\n")}\n`);
    return [benchOurs(files, events), ...benchRsigma(list, lines), ...benchPySigma(list)];
  } finally {
    unpacked.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

function benchOurs(files: readonly string[], events: readonly object[]): SigmaResult {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const started = performance.now();
  const rules = files.flatMap((file): Rule[] =>
    parse(readFileSync(file, "utf8"), file).documents.flatMap(({ document }) =>
      document.kind === "rule" ? [document] : [],
    ),
  );
  const parsed = performance.now();
  const matcher = compileRules(rules);
  const [first] = events;
  matcher.match({ ...first });
  const compiled = performance.now();
  const all = fastest(
    () => events.reduce<number>((sum, event) => sum + matcher.match({ ...event }).length, 0),
    events.length,
  );
  const routed = fastest(
    () => events.reduce<number>((sum, event) => sum + matcher.match({ ...event }, source).length, 0),
    events.length,
  );
  globalThis.gc?.();
  const after = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  return {
    name: "tagsmith",
    rules: rules.length - matcher.unmatchable.length,
    parseMs: Math.round(parsed - started),
    parseAndCompileMs: Math.round(compiled - started),
    heapMb: Math.round((after - before) / 1e5) / 10,
    routedPerSecond: routed.perSecond,
    allPerSecond: all.perSecond,
    routedMatches: routed.result,
    allMatches: all.result,
  };
}

function fastest(work: () => number, events: number): { readonly perSecond: number; readonly result: number } {
  let best = 0;
  let result = 0;
  for (let run = 0; run < 7; run += 1) {
    const started = performance.now();
    result = work();
    best = Math.max(best, (events * 1000) / (performance.now() - started));
  }
  return { perSecond: Math.round(best), result };
}

/** Every mode that rsigma has; it gets the rules file by file, as we do. */
function benchRsigma(list: string, events: string): SigmaResult[] {
  const crate = resolve(import.meta.dirname, "../test/sigma-peers/rsigma");
  const args = [
    "run",
    "--release",
    "--quiet",
    "--",
    "bench",
    list,
    events,
    source.product ?? "",
    source.category ?? "",
  ];
  const { status, stdout, stderr } = spawnSync("cargo", args, { cwd: crate, encoding: "utf8" });
  if (status !== 0) {
    console.log(`rsigma is left out: ${stderr ?? "cargo is not installed"}`);
    return [];
  }
  const report: RsigmaReport = JSON.parse(stdout);
  return (["plain", "bloom", "ac", "bloom_ac"] as const).map((mode) => ({
    name: `rsigma 0.23 ${mode}`,
    rules: report.rules,
    parseMs: Math.round(report.parse_ms),
    parseAndCompileMs: Math.round(report.load_ms),
    routedPerSecond: Math.round(report[mode].routed),
    allPerSecond: Math.round(report[mode].all),
    routedMatches: report[mode].routed_matches,
    allMatches: report[mode].all_matches,
  }));
}

interface RsigmaReport {
  readonly rules: number;
  readonly parse_ms: number;
  readonly load_ms: number;
  readonly plain: RsigmaMode;
  readonly bloom: RsigmaMode;
  readonly ac: RsigmaMode;
  readonly bloom_ac: RsigmaMode;
}

interface RsigmaMode {
  readonly routed: number;
  readonly routed_matches: number;
  readonly all: number;
  readonly all_matches: number;
}

const parseScript = `
import sys, time
from sigma.collection import SigmaCollection
texts = [open(path, encoding="utf-8").read() for path in open(sys.argv[1]).read().splitlines()]
started = time.perf_counter()
rules = [rule for text in texts for rule in SigmaCollection.from_yaml(text).rules]
parsed = time.perf_counter()
for rule in rules:
    for condition in rule.detection.parsed_condition:
        condition.parsed
print(len(rules), (parsed - started) * 1000, (time.perf_counter() - started) * 1000)
`;

function benchPySigma(list: string): SigmaResult[] {
  const args = ["run", "--no-project", "--with", "pysigma==1.5.1", "python", "-c", parseScript, list];
  const { status, stdout, stderr } = spawnSync("uv", args, { encoding: "utf8" });
  if (status !== 0) {
    console.log(`pySigma is left out: ${stderr ?? "uv is not installed"}`);
    return [];
  }
  const [rules = 0, parseMs = 0, parseAndCompileMs = 0] = stdout.trim().split(" ").map(Number);
  return [
    { name: "pySigma 1.5.1", rules, parseMs: Math.round(parseMs), parseAndCompileMs: Math.round(parseAndCompileMs) },
  ];
}

/** What a host's process events look like to Sigma's rules for Linux. */
function processEvents(count: number): object[] {
  const random = createRandom(7);
  const templates = Object.values(dailyWork).flat();
  const words = [
    "orders",
    "billing",
    "search",
    "nginx",
    "postgresql",
    "cache-3",
    "api",
    "reports",
    "backup",
    "metrics",
  ];
  const fill = (): string => (random.below(2) === 0 ? String(random.below(5_000)) : random.pick(words));
  const commands = Array.from({ length: count }, () => random.pick(templates).replaceAll(/\{\w+\}/g, fill));
  return commands.map((command, index) => {
    const [program = ""] = command.split(" ");
    return {
      Image: program.startsWith("/") ? program : `/usr/bin/${program}`,
      CommandLine: command,
      ParentImage: ["/bin/bash", "/usr/sbin/cron", "/usr/lib/systemd/systemd", "/usr/bin/python3"][index % 4],
      ParentCommandLine: commands[(index + 1) % count],
      User: ["root", "deploy", "www-data"][index % 3],
      CurrentDirectory: "/srv/app",
      ProcessId: 1_000 + index,
      ParentProcessId: 1 + (index % 900),
      Computer: `web-${index % 5}`,
      EventID: 1,
      UtcTime: "2026-01-01 00:00:00.000",
    };
  });
}

if (import.meta.main) console.table(benchSigma(Number(process.argv[2] ?? 5_000)));
