import type { WorkerConfig } from "../config/config-schema.ts";
import type { Fleet, Member, MemberDevice } from "../queue/fleet.ts";
import { redisSettings } from "./queue-settings.ts";
import { formatTable, printable } from "./terminal.ts";

const maxShownDead = 10;

/** The fleet behind the queue that a configuration names; undefined where it names none. The modules of the queue load only here. */
export async function askFleet(config: WorkerConfig): Promise<Fleet | undefined> {
  if (config.queue.type !== "bullmq") return undefined;
  const { connectRedis, lookWithinMs } = await import("../queue/redis-connection.ts");
  const { readFleet } = await import("../queue/fleet.ts");
  const connection = await connectRedis(redisSettings(config), () => undefined, lookWithinMs);
  try {
    return await readFleet(connection);
  } finally {
    await connection.close();
  }
}

/** The fleet as text: who there is, how long the queues are, and what was given up. */
export function fleetText({ nowMs, members, queues, deadLetters }: Fleet): string {
  if (members.length === 0 && queues.length === 0) return "Nobody uses this queue now.\n";
  const rows = members.map((member) => memberRow(member, nowMs));
  const head = ["", "host", "process", "state", "up", "texts", "texts/s", "memory", "tenant", "model", "devices"];
  const depths = queues.map(({ version, tenant, depth }) => [
    printable(version, 60),
    printable(tenant, 40),
    `${depth.waiting} live and ${depth.waitingBackfill} of backfills waiting`,
    `${depth.active} in work`,
    `${depth.delayed} tried again later`,
    `oldest ${depth.oldestSecs.toFixed(1)} s`,
  ]);
  const dead = deadLetters
    .slice(0, maxShownDead)
    .map(({ digest, length, code, reason, atMs }) => [
      new Date(atMs).toISOString(),
      digest,
      `${length} characters`,
      code,
      printable(reason, 60),
    ]);
  const given = dead.length === 0 ? "" : `\nTexts given up, newest first (${deadLetters.length})\n${formatTable(dead)}`;
  return `${formatTable([head, ...rows])}\nJobs\n${formatTable(depths)}${given}`;
}

function memberRow(member: Member, now: number): (string | number)[] {
  const { role, host, pid, state, startedMs, texts, textsPerSec, residentBytes, tenant, devices, version } = member;
  const up = `${Math.round((now - startedMs) / 1_000)} s`;
  const memory = `${Math.round(residentBytes / 1_048_576)} MiB`;
  return [
    role,
    printable(host, 30),
    String(pid),
    state,
    up,
    texts,
    textsPerSec,
    memory,
    role === "producer" ? printable(tenant, 40) : "",
    printable(version, 60),
    printable(devices.map(deviceText).join(", "), 200),
  ];
}

function deviceText({ name, lost, textsPerSec }: MemberDevice): string {
  return lost === undefined ? `${name} ${textsPerSec}/s` : `${name} taken out (${lost})`;
}
