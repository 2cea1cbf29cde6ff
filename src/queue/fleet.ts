import { defaultTenant } from "./label-job.ts";
import { type QueueDepth, readDepth } from "./queue-depth.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** What a member of the fleet says of itself every few seconds. */
export interface Member {
  readonly id: string;
  readonly role: "worker" | "producer";
  readonly version: string;
  /** Whose texts a producer brings; a worker works for all. */
  readonly tenant: string;
  readonly host: string;
  readonly pid: number;
  /** What it computes on; a producer computes nothing. */
  readonly devices: readonly MemberDevice[];
  readonly state: "running" | "draining";
  /** Milliseconds since 1970 by the clock of Redis: those of the members may differ. */
  readonly startedMs: number;
  readonly seenMs: number;
  /** Distinct texts since its start, and a second lately. */
  readonly texts: number;
  readonly textsPerSec: number;
  readonly residentBytes: number;
}

/** A device of a worker. */
export interface MemberDevice {
  readonly name: string;
  /** Why it is not used any more. */
  readonly lost?: string | undefined;
  readonly texts: number;
  readonly textsPerSec: number;
}

/** All that takes part now. */
export interface Fleet {
  /** When this was, by the clock of Redis. */
  readonly nowMs: number;
  readonly members: readonly Member[];
  readonly queues: readonly { readonly version: string; readonly tenant: string; readonly depth: QueueDepth }[];
  /** Texts that no worker could encode, newest first, at most 1,000. */
  readonly deadLetters: readonly DeadText[];
}

/** A text that was given up. Only its digest is kept: what it says may be secret. */
export interface DeadText {
  readonly atMs: number;
  readonly version: string;
  readonly digest: string;
  readonly length: number;
  readonly code: string;
  readonly reason: string;
}

/** A member that was not seen for so long is gone. */
const goneAfterMs = 20_000;
const maxDead = 1_000;

/** Says that a member is there. */
export async function report(connection: RedisConnection, member: Member): Promise<void> {
  await connection.call("HSET", [connection.key("fleet"), member.id, JSON.stringify(member)]);
}

/** A member leaves. */
export async function leave(connection: RedisConnection, id: string): Promise<void> {
  await connection.call("HDEL", [connection.key("fleet"), id]);
}

/** Milliseconds since 1970 by the clock that all members share. */
export async function serverNow(connection: RedisConnection): Promise<number> {
  const [seconds, micros] = list(await connection.call("TIME", []));
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}

/** Whether a member was there lately. */
export async function isPresent(connection: RedisConnection, id: string): Promise<boolean> {
  const nowMs = await serverNow(connection);
  const member = parseMember(await connection.call("HGET", [connection.key("fleet"), id]));
  return member !== undefined && nowMs - member.seenMs < goneAfterMs;
}

/** Reads the fleet, and takes out who is gone for an hour. */
export async function readFleet(connection: RedisConnection): Promise<Fleet> {
  const [present, dead] = await Promise.all([
    readPresent(connection),
    connection.call("LRANGE", [connection.key("dead"), 0, maxDead - 1]),
  ]);
  return { ...present, deadLetters: list(dead).flatMap((text) => parseDead(text) ?? []) };
}

/** As `readFleet`, without what was given up. */
export async function readPresent(connection: RedisConnection): Promise<Omit<Fleet, "deadLetters">> {
  const nowMs = await serverNow(connection);
  const all = await connection.call("HVALS", [connection.key("fleet")]);
  const known = list(all).flatMap((text) => parseMember(text) ?? []);
  for (const { id, seenMs } of known) if (nowMs - seenMs > 3_600_000) await leave(connection, id);
  const members = known.filter(({ seenMs }) => nowMs - seenMs < goneAfterMs);
  members.sort((a, b) => (a.role + a.id < b.role + b.id ? -1 : 1));
  const queues = await Promise.all(
    queuesOf(known).map(async (queue) => ({ ...queue, depth: await readDepth(connection, queue, nowMs) })),
  );
  return { nowMs, members, queues };
}

/** The queues that members have, each once. */
function queuesOf(members: readonly Member[]): { readonly version: string; readonly tenant: string }[] {
  const queues = new Map(members.map(({ version, tenant }) => [`${version}\n${tenant}`, { version, tenant }]));
  return [...queues].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, queue]) => queue);
}

/** Notes a text that was given up. */
export async function addDeadText(connection: RedisConnection, dead: DeadText): Promise<void> {
  await connection.call("LPUSH", [connection.key("dead"), JSON.stringify(dead)]);
  await connection.call("LTRIM", [connection.key("dead"), 0, maxDead - 1]);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function parseMember(text: unknown): Member | undefined {
  const value = parseRecord(text);
  if (value === undefined) return undefined;
  const { role, state } = value;
  const number = (name: string): number => (typeof value[name] === "number" ? value[name] : 0);
  return {
    id: String(value["id"]),
    role: role === "worker" ? "worker" : "producer",
    version: String(value["version"]),
    tenant: typeof value["tenant"] === "string" ? value["tenant"] : defaultTenant,
    host: String(value["host"]),
    pid: number("pid"),
    devices: list(value["devices"]).flatMap((device) => parseDevice(device) ?? []),
    state: state === "draining" ? "draining" : "running",
    startedMs: number("startedMs"),
    seenMs: number("seenMs"),
    texts: number("texts"),
    textsPerSec: number("textsPerSec"),
    residentBytes: number("residentBytes"),
  };
}

function parseDevice(value: unknown): MemberDevice | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { name, lost, texts, textsPerSec }: Readonly<Record<string, unknown>> = { ...value };
  if (typeof name !== "string" || typeof texts !== "number" || typeof textsPerSec !== "number") return undefined;
  return { name, texts, textsPerSec, ...(typeof lost === "string" && { lost }) };
}

function parseDead(text: unknown): DeadText | undefined {
  const value = parseRecord(text);
  if (value === undefined) return undefined;
  return {
    atMs: Number(value["atMs"]),
    version: String(value["version"]),
    digest: String(value["digest"]),
    length: Number(value["length"]),
    code: String(value["code"]),
    reason: String(value["reason"]),
  };
}

function parseRecord(text: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
