import { type ClusterRedis, pairsOf, runScript, textsOf } from "./cluster-redis.ts";
import { checkAnswer } from "./commit-answer.ts";
import { detectionKey, rowArgs, storeRows } from "./detection-rows.ts";
import { type EventRow, unpackRow } from "./event-row.ts";
import type { HeldLease } from "./held-lease.ts";
import { leaseKey, leaseValue } from "./lease-store.ts";
import type { PartitionState, PartitionStep } from "./partition-step.ts";
import { streamKey } from "./slice-store.ts";
import { StoredRows } from "./stored-rows.ts";
import { decodeEntry, encodeEntry, invalidState, type StreamEntry } from "./stream-entry.ts";
import { checkpointKey, finishWork, judgedName } from "./work.ts";

/** Entries that wait, oldest first. */
interface Waiting {
  readonly entries: readonly { readonly id: string; readonly entry: StreamEntry }[];
  /** Whether these are all. */
  readonly hasAll: boolean;
}

/** The state of a partition, for its owner. All throw `cluster_lease_lost` and `cluster_checkpoint_lost` (reconnect). */
export interface PartitionStore {
  load(): Promise<PartitionState>;
  /** At most `count` of the entries after the last one that was read; fewer where they are large. */
  read(count: number): Promise<Waiting>;
  /** Stores a step and gives back the room of its entries, all or nothing. */
  commit(step: PartitionStep): Promise<void>;
  /** All is judged. */
  finish(): Promise<void>;
}

const readScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'fenced' end
if (redis.call('HGET', KEYS[2], 'step') or '0') ~= ARGV[2] then return 'behind' end
local all = redis.call('XRANGE', KEYS[3], ARGV[3], '+', 'COUNT', ARGV[4])
local bytes, taken = 0, {}
for i, entry in ipairs(all) do
  bytes = bytes + string.len(entry[2][2])
  if i > 1 and bytes > tonumber(ARGV[5]) then break end
  taken[i] = entry
end
local isMore = #taken < #all or #all == tonumber(ARGV[4])
return { isMore and 1 or 0, taken }`;

/**
 * The last entry must still be there: a server that has lost it since it was read gets its events once more. What is no
 * longer needed goes first, which a full server allows, and after that it takes the rest: partitions make room.
 */
const commitScript = `${storeRows}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'fenced' end
local step = redis.call('HGET', KEYS[2], 'step') or '0'
if step == ARGV[3] and redis.call('HGET', KEYS[2], 'owner') == ARGV[1] then return 'ok' end
if step ~= ARGV[2] then return 'behind' end
if ARGV[4] ~= '' then
  if #redis.call('XRANGE', KEYS[3], ARGV[4], ARGV[4]) == 0 then return 'behind' end
  redis.call('XTRIM', KEYS[3], 'MINID', ARGV[5])
end
local at = 6
local function each(width, change)
  local count = tonumber(ARGV[at])
  at = at + 1
  for _ = 1, count do
    change(at)
    at = at + width
  end
end
each(1, function(i) redis.call('HDEL', KEYS[4], ARGV[i]) end)
each(2, function(i) redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1]) end)
each(2, function(i) redis.call('HSET', KEYS[5], ARGV[i], ARGV[i + 1]) end)
each(1, function(i) redis.call('HDEL', KEYS[5], ARGV[i]) end)
at = storeRows(KEYS[6], at)
if ARGV[at] ~= '' then redis.call('SADD', KEYS[7], ARGV[at]) end
at = at + 1
for i = 8, #KEYS do
  redis.call('XADD', KEYS[i], '*', 'd', ARGV[at])
  at = at + 1
end
redis.call('HSET', KEYS[2], 'step', ARGV[3], 'owner', ARGV[1], unpack(ARGV, at))
return 'ok'`;

/** Of entries as text, which take some six times as much once they are read; a larger one comes alone. */
const maxReadBytes = 256 * 1_024;
const scanCount = 1_000;

/** Opens the state of the partition that `lease` is of. */
export function createPartitionStore(redis: ClusterRedis, lease: HeldLease, partition: number): PartitionStore {
  return new RedisPartition(redis, lease, partition);
}

class RedisPartition implements PartitionStore {
  readonly #redis: ClusterRedis;
  readonly #lease: HeldLease;
  readonly #keys;
  readonly #rows = new StoredRows();
  #step = 0;
  #lastEntry = "0-0";
  #readEntry = "0-0";
  #pending:
    | {
        readonly step: PartitionStep;
        readonly keys: readonly string[];
        readonly args: readonly (string | number)[];
      }
    | undefined;

  constructor(redis: ClusterRedis, lease: HeldLease, partition: number) {
    this.#redis = redis;
    this.#lease = lease;
    this.#keys = {
      lease: leaseKey(redis, lease.resource),
      checkpoint: checkpointKey(redis, lease.resource),
      stream: streamKey(redis, partition),
      events: redis.key("events", String(partition)),
      notes: redis.key("notes", String(partition)),
      detection: detectionKey(redis, lease.resource),
      done: redis.key("done"),
    };
  }

  async load(): Promise<PartitionState> {
    const fields = new Map(pairsOf(await this.#lease.guard(this.#redis.call("HGETALL", [this.#keys.checkpoint]))));
    this.#step = Number(fields.get("step") ?? 0);
    this.#lastEntry = fields.get("entry") ?? "0-0";
    this.#readEntry = this.#lastEntry;
    const events: EventRow[] = [];
    for await (const [field, text] of this.#scan(this.#keys.events)) {
      const row = parse("a stored event", text, unpackRow);
      this.#rows.remember(field, row);
      events.push(row);
    }
    const notes: [string, string][] = [];
    for await (const [key, note] of this.#scan(this.#keys.notes)) notes.push([keyOfField(key), note]);
    const rows = this.#redis.call("LRANGE", [this.#keys.detection, 0, -1]);
    const detection = textsOf(await this.#lease.guard(rows));
    const [sinkPosition, meta, marks = "{}"] = ["sink", "meta", "marks"].map((name) => fields.get(name));
    return {
      ...(sinkPosition !== undefined && { sinkPosition }),
      ...(meta !== undefined && { meta }),
      marks: parse("the marks of a partition", marks, marksOf),
      notes,
      events,
      ...(detection.length > 0 && { detection }),
    };
  }

  async read(count: number): Promise<Waiting> {
    this.#lease.check();
    const args = [leaseValue(this.#lease.owner), this.#step, `(${this.#readEntry}`, count, maxReadBytes];
    const { lease, checkpoint, stream } = this.#keys;
    const answer = await this.#lease.guard(runScript(this.#redis, readScript, [lease, checkpoint, stream], args));
    if (!Array.isArray(answer)) checkAnswer(this.#lease.resource, answer);
    const [isMore, taken]: readonly unknown[] = Array.isArray(answer) ? answer : [];
    const entries = (Array.isArray(taken) ? taken : []).map((item: unknown) => {
      const [id, fields] = Array.isArray(item) ? item : [];
      return { id: String(id), entry: decodeEntry(textsOf(fields)[1] ?? "") };
    });
    this.#readEntry = entries.at(-1)?.id ?? this.#readEntry;
    return { entries, hasAll: Number(isMore) === 0 };
  }

  async commit(step: PartitionStep): Promise<void> {
    this.#lease.check();
    // The same step again, after no answer came, is the same command.
    if (this.#pending?.step !== step) this.#pending = this.#commandOf(step);
    const { keys, args } = this.#pending;
    checkAnswer(this.#lease.resource, await this.#lease.guard(runScript(this.#redis, commitScript, keys, args)));
    this.#pending = undefined;
    this.#step += 1;
    this.#lastEntry = step.lastEntry ?? this.#lastEntry;
    this.#rows.forget(step.expired);
  }

  #commandOf(step: PartitionStep) {
    const slice = this.#lease.resource;
    const sent = [...(step.matches ?? [])].map(([partition, matches]) => ({
      stream: streamKey(this.#redis, partition),
      entry: encodeEntry({ slice, beforeMs: undefined, afterMs: undefined, rows: [], matches }),
    }));
    const keys = [...Object.values(this.#keys), ...sent.map(({ stream }) => stream)];
    return {
      step,
      keys,
      args: this.#argsOf(
        step,
        sent.map(({ entry }) => entry),
      ),
    };
  }

  async finish(): Promise<void> {
    await finishWork(this.#redis, this.#lease, this.#step);
  }

  #argsOf(step: PartitionStep, sent: readonly string[]): (string | number)[] {
    const { lastEntry = this.#lastEntry, sinkPosition, meta, marks } = step;
    const added = this.#rows.add(step.addEvents);
    const gone = new Set(
      step.expired.flatMap(({ sessionKey, untilTimeMs }) => this.#rows.until(sessionKey, untilTimeMs)),
    );
    const kept = added.filter(([field]) => !gone.has(field)).flat();
    const written = step.notes.flatMap(([key, note]) => (note === null ? [] : [fieldOfKey(key), note]));
    const removed = step.notes.flatMap(([key, note]) => (note === null ? [fieldOfKey(key)] : []));
    const checkpoint = { entry: lastEntry, sink: sinkPosition, meta, marks: JSON.stringify(marks) };
    return [
      leaseValue(this.#lease.owner),
      this.#step,
      this.#step + 1,
      ...(lastEntry === this.#lastEntry ? ["", ""] : [lastEntry, after(lastEntry)]),
      ...[gone.size, ...gone, kept.length / 2, ...kept],
      ...[written.length / 2, ...written, removed.length, ...removed],
      ...rowArgs(step.detection),
      ...[step.isJudged === true ? judgedName(this.#lease.resource) : "", ...sent],
      ...Object.entries(checkpoint).flatMap(([name, value]) => (value === undefined ? [] : [name, value])),
    ];
  }

  async *#scan(key: string): AsyncGenerator<readonly [string, string]> {
    let cursor = "0";
    const seen = new Set<string>();
    do {
      const answer = await this.#lease.guard(this.#redis.call("HSCAN", [key, cursor, "COUNT", scanCount]));
      const [next, fields]: readonly unknown[] = Array.isArray(answer) ? answer : [];
      for (const [field, value] of pairsOf(fields)) {
        if (seen.has(field)) continue;
        seen.add(field);
        yield [field, value];
      }
      cursor = String(next ?? "0");
    } while (cursor !== "0");
  }
}

/** Half surrogate pairs, which do not survive UTF-8, do in JSON. */
function fieldOfKey(sessionKey: string): string {
  return JSON.stringify(sessionKey);
}

function keyOfField(field: string): string {
  return parse("the key of a session", field, String);
}

function parse<T>(what: string, text: string, read: (value: unknown) => T): T {
  try {
    return read(JSON.parse(text));
  } catch (cause) {
    throw invalidState(what, cause);
  }
}

function marksOf(value: unknown): Record<string, number> {
  return Object.fromEntries(Object.entries(Object(value)).map(([slice, mark]) => [slice, Number(mark)]));
}

/** The smallest id after an entry's. */
function after(entry: string): string {
  const [ms = "0", place = "0"] = entry.split("-");
  return `${ms}-${BigInt(place) + 1n}`;
}
