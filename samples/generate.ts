// Writes the bundled samples: ordinary days and intrusions over every source shape. Same seed, same bytes.
// Run: node samples/generate.ts [folder]
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { dailyWork, slotValues } from "./daily-work.ts";
import { type ClusterStep, clusterDailyWork, clusterIntrusions, intrusions } from "./intrusions.ts";
import { createRandom, type Random } from "./random.ts";
import * as shapes from "./shapes.ts";

const startMs = Date.UTC(2026, 9, 5, 6, 0, 0);
const dayMs = 86_400_000;

interface Session<Step> {
  readonly steps: readonly Step[];
  readonly user: string;
  readonly host: string;
}

function fill(template: string, random: Random): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, slot: string) => {
    const values = slotValues[slot];
    return values === undefined ? whole : random.pick(values);
  });
}

/** Sessions of ordinary work: a person mostly does one job, and looks around a little. */
function ordinarySessions(random: Random, count: number): Session<string>[] {
  const roles = Object.keys(dailyWork);
  const users = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];
  return Array.from({ length: count }, (_, index) => {
    const role = random.pick(roles);
    const commands = dailyWork[role] ?? [];
    const steps = Array.from({ length: 24 + random.below(26) }, () => fill(random.pick(commands), random));
    return {
      steps,
      user: random.pick(users),
      host: `${random.pick(["web", "app", "db", "build"])}-${1 + (index % 9)}`,
    };
  });
}

/** Gives each step a time and a serial; sessions overlap as they do on real hosts. */
function executions(sessions: readonly Session<string>[], random: Random): shapes.Execution[] {
  const all: shapes.Execution[] = [];
  sessions.forEach((session, index) => {
    let timeMs = startMs + random.below(dayMs - 3_600_000);
    for (const command of session.steps) {
      timeMs += 2_000 + random.below(75_000);
      const { user, host } = session;
      all.push({
        timeMs,
        host,
        user,
        session: String(100 + index),
        command,
        pid: 2000 + random.below(60_000),
        serial: 0,
      });
    }
  });
  all.sort((a, b) => a.timeMs - b.timeMs);
  return all.map((step, index) => ({ ...step, serial: 10_000 + index }));
}

function clusterCalls(random: Random): shapes.ClusterCall[] {
  const calls: Omit<shapes.ClusterCall, "serial">[] = [];
  const add = (steps: readonly ClusterStep[], user: string, ip: string, agent: string): void => {
    let timeMs = startMs + random.below(dayMs - 3_600_000);
    for (const step of steps) {
      timeMs += 1_000 + random.below(60_000);
      calls.push({ timeMs, user, ip, agent, step });
    }
  };
  for (let index = 0; index < 12; index += 1) {
    const steps = Array.from({ length: 20 + random.below(20) }, () => random.pick(clusterDailyWork));
    add(steps, `operator-${index}@example.com`, `198.51.100.${20 + index}`, "kubectl/v1.31.2");
  }
  clusterIntrusions.forEach(({ steps }, index) => {
    add(steps, `system:serviceaccount:web:portal-${index}`, `203.0.113.${70 + index}`, "curl/8.5.0");
  });
  calls.sort((a, b) => a.timeMs - b.timeMs);
  return calls.map((call, index) => ({ ...call, serial: 1 + index }));
}

/** The sample files by name. */
export function generateSamples(seed: number): ReadonlyMap<string, Buffer> {
  const random = createRandom(seed);
  const linux: Session<string>[] = ordinarySessions(random, 88);
  for (const { commands, user, host } of intrusions) linux.push({ steps: commands, user, host });
  const sessionShape = linux.map(() => random.below(4));
  const byShape: string[][] = [[], [], [], []];
  const render = [shapes.elasticDefend, shapes.auditdManager, shapes.auditLines, shapes.plainRow];
  for (const step of executions(linux, random)) {
    const shape = sessionShape[Number(step.session) - 100] ?? 0;
    const line = render[shape]?.(step);
    if (line !== undefined) byShape[shape]?.push(line);
  }
  const calls = clusterCalls(random);
  const third = Math.ceil(calls.length / 3);
  const lines = (rows: readonly string[] = []): Buffer => Buffer.from(`${rows.join("\n")}\n`, "utf8");
  const list = {
    kind: "EventList",
    apiVersion: "audit.k8s.io/v1",
    items: calls.slice(third, 2 * third).map(shapes.auditEvent),
  };
  return new Map([
    ["elastic-defend.ndjson.gz", gzipSync(lines(byShape[0]), { level: 9 })],
    ["auditd-manager.ndjson.gz", gzipSync(lines(byShape[1]), { level: 9 })],
    ["audit.log", lines(byShape[2])],
    ["plain.ndjson", lines(byShape[3])],
    ["kubernetes-audit.ndjson", lines(calls.slice(0, third).map((call) => JSON.stringify(shapes.auditEvent(call))))],
    ["kubernetes-eventlist.json", Buffer.from(`${JSON.stringify(list)}\n`, "utf8")],
    ["kubernetes-elastic.ndjson", lines(calls.slice(2 * third).map(shapes.elasticKubernetes))],
  ]);
}

if (import.meta.main) {
  const folder = process.argv[2] ?? join(import.meta.dirname, "data");
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of generateSamples(2026)) writeFileSync(join(folder, name), bytes);
}
