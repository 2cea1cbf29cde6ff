import { type ClusterRedis, runScript, textsOf } from "./cluster-redis.ts";
import { marksOf, streamKey } from "./slice-store.ts";
import type { Mark } from "./watermarks.ts";
import { checkpointKey, partitionResource } from "./work.ts";

/** How far the slices had come at one moment, all of whose events are judged by now. */
export interface JudgedView {
  readonly marks: ReadonlyMap<string, Mark>;
  /** Slices that could still bring events then, by their leases' names. */
  readonly slices: readonly string[];
  readonly done: ReadonlySet<string>;
  /** The moment, by the clock that was given. */
  readonly lookedMs: number;
}

/** The server's time and, of each partition that has entries waiting, the last one that is judged. */
const lookScript = `
local time = redis.call('TIME')
local behind = {}
for i = 4, #KEYS, 2 do
  if redis.call('XLEN', KEYS[i]) > 0 then
    behind[#behind + 1] = redis.call('HGET', KEYS[i + 1], 'entry') or '0-0'
  end
end
return { time[1] * 1000 + math.floor(time[2] / 1000), behind,
  redis.call('HGETALL', KEYS[1]), redis.call('SMEMBERS', KEYS[2]), redis.call('SMEMBERS', KEYS[3]) }`;

/**
 * Each call looks anew, and gives the latest view of before that is judged by now; undefined while there is none. What
 * judging an event has sent to a partition is in its stream by the time its view is given. Entries of a stream are numbered by
 * the server's clock, so a moment is judged when each stream is empty or at a later entry.
 */
export function createJudgedMarks(
  redis: ClusterRedis,
  partitions: number,
  now: () => number,
): () => Promise<JudgedView | undefined> {
  const numbers = Array.from({ length: partitions }, (_, number) => number);
  const keys = [
    ...["marks", "slices", "done"].map((name) => redis.key(name)),
    ...numbers.flatMap((number) => [streamKey(redis, number), checkpointKey(redis, partitionResource(number))]),
  ];
  let judged: JudgedView | undefined;
  let pending: { readonly view: JudgedView; readonly serverMs: number } | undefined;
  return async () => {
    const lookedMs = now();
    const answer = await runScript(redis, lookScript, keys, []);
    const [serverMs, behind, marks, slices, done]: readonly unknown[] = Array.isArray(answer) ? answer : [];
    const reached = textsOf(behind).map((entry) => Number(entry.split("-")[0]));
    if (pending !== undefined && reached.every((ms) => ms > (pending?.serverMs ?? 0))) {
      judged = pending.view;
      pending = undefined;
    }
    const view = { marks: marksOf(marks), slices: textsOf(slices), done: new Set(textsOf(done)), lookedMs };
    pending ??= { view, serverMs: Number(serverMs) };
    return judged;
  };
}
