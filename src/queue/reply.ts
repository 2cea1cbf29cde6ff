import { isPacked } from "./ranking-text.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** What a worker sends to the producer of a job. */
export type Reply =
  | { readonly kind: "done"; readonly job: string; readonly values: readonly string[] }
  /** The job goes on as these jobs, each with `count` of its texts from `from` on. */
  | { readonly kind: "split"; readonly job: string; readonly parts: readonly JobPart[] }
  /** No worker could do it. */
  | { readonly kind: "failed"; readonly job: string; readonly code: string; readonly reason: string };

export interface JobPart {
  readonly job: string;
  readonly from: number;
  readonly count: number;
}

/** A producer that does not fetch its answers within this time is gone. */
const keptMs = 600_000;
const waitSecs = 5;
const maxAtOnce = 64;

/** Key of the list of replies to a producer. */
export function replyKey(connection: RedisConnection, producer: string): string {
  return connection.key("reply", producer);
}

/** Puts a reply where its producer looks for it. */
export async function sendReply(connection: RedisConnection, producer: string, reply: Reply): Promise<void> {
  const key = replyKey(connection, producer);
  const [sent] = await Promise.all([
    connection.call("RPUSH", [key, JSON.stringify(reply)]),
    connection.call("PEXPIRE", [key, keptMs]),
  ]);
  if (typeof sent !== "number") throw new Error("no answer to RPUSH");
}

/** Yields replies until the connection is closed; errors of the connection are for `onError`, which may wait. */
export async function* receiveReplies(
  connection: RedisConnection,
  producer: string,
  topK: number,
  signal: AbortSignal,
  onError: (error: unknown) => Promise<void>,
): AsyncGenerator<Reply> {
  const key = replyKey(connection, producer);
  while (!signal.aborted) {
    const texts = await pop(connection, key).catch(async (error: unknown) => {
      if (!signal.aborted) await onError(error);
      return [];
    });
    for (const text of texts) {
      const reply = readReply(text, topK);
      if (reply !== undefined) yield reply;
    }
  }
}

async function pop(connection: RedisConnection, key: string): Promise<readonly unknown[]> {
  const first = await connection.call("BLPOP", [key, waitSecs]);
  if (!Array.isArray(first)) return [];
  const more = await connection.call("LPOP", [key, maxAtOnce]);
  return [first[1], ...(Array.isArray(more) ? more : [])];
}

/** Undefined for what no worker of ours has written. */
function readReply(text: unknown, topK: number): Reply | undefined {
  const value = parse(text);
  if (value === undefined || typeof value["job"] !== "string") return undefined;
  const { job, kind } = { job: value["job"], kind: value["kind"] };
  if (kind === "done") {
    const values: readonly unknown[] = Array.isArray(value["values"]) ? value["values"] : [];
    const packed = values.filter((one): one is string => isPacked(one, topK));
    return packed.length === values.length ? { kind, job, values: packed } : undefined;
  }
  if (kind === "split") {
    const parts: readonly unknown[] = Array.isArray(value["parts"]) ? value["parts"] : [];
    return { kind, job, parts: parts.filter(isPart) };
  }
  if (kind === "failed") return { kind, job, code: String(value["code"]), reason: String(value["reason"]) };
  return undefined;
}

function parse(text: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function isPart(value: unknown): value is JobPart {
  if (typeof value !== "object" || value === null) return false;
  const { job, from, count } = { job: undefined, from: undefined, count: undefined, ...value };
  return typeof job === "string" && Number.isInteger(from) && Number.isInteger(count);
}
