import { loadWorkerConfig } from "../config/load-config.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Fleet, Member, MemberDevice } from "../queue/fleet.ts";
import { exitCodes } from "./exit-code.ts";
import { redisSettings } from "./queue-settings.ts";
import { formatTable, printable, type Terminal } from "./terminal.ts";

interface FleetOptions {
  readonly config: string;
  readonly json: boolean;
}

const maxShownDead = 10;

/** `tagsmith fleet`: who labels for whom, and how long the queue is. */
export async function fleetCommand(options: FleetOptions, terminal: Terminal): Promise<number> {
  const config = loadWorkerConfig(options.config);
  if (config.queue.type !== "bullmq") {
    throw new TagsmithError(
      "config_invalid",
      `${options.config}: queue.type: fleet needs bullmq; in_process labels without a queue.`,
      "exit",
    );
  }
  const { connectRedis } = await import("../queue/redis-connection.ts");
  const { readFleet } = await import("../queue/fleet.ts");
  const connection = await connectRedis(redisSettings(config), () => undefined);
  try {
    const fleet = await readFleet(connection);
    terminal.out.write(options.json ? `${JSON.stringify(fleet)}\n` : fleetText(fleet));
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

function fleetText({ nowMs, members, queues, deadLetters }: Fleet): string {
  if (members.length === 0 && queues.length === 0) return "Nobody uses this queue now.\n";
  const rows = members.map((member) => memberRow(member, nowMs));
  const head = ["", "host", "process", "state", "up", "texts", "texts/s", "memory", "tenant", "devices", "model"];
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
    pid,
    state,
    up,
    texts,
    textsPerSec,
    memory,
    role === "producer" ? printable(tenant, 40) : "",
    printable(devices.map(deviceText).join(", "), 200),
    printable(version, 60),
  ];
}

function deviceText({ name, lost, textsPerSec }: MemberDevice): string {
  return lost === undefined ? `${name} ${textsPerSec}/s` : `${name} taken out (${lost})`;
}
