import { setTimeout as sleep } from "node:timers/promises";
import type { HeldLease } from "../cluster/held-lease.ts";
import type { JudgedView } from "../cluster/judged-marks.ts";
import type { PartitionStore } from "../cluster/partition-store.ts";
import type { Mark } from "../cluster/watermarks.ts";
import type { DetectStage, Forward } from "../detect/detect-stage.ts";
import type { Output, Sink } from "../sdk/sink.ts";
import { fenceSink } from "./fence-parts.ts";
import { type JudgeParts, PartitionJudge } from "./partition-judge.ts";
import { type RetrySettings, retry } from "./retry.ts";

/** What a partition knows of the slices that its events come from. */
export interface Slices {
  /** Those that may still bring events. */
  readonly open: readonly string[];
  /** Whether all input has ended and was read. */
  readonly isOver: boolean;
  /** Of the partitions, those that have judged all there was, by their leases' names, and whether all have. */
  readonly judged: ReadonlySet<string>;
  readonly isJudged: boolean;
}

/** Rules of a partition: asked about its verdicts, and the correlations whose groups it owns. */
interface PartitionDetection {
  /** `forward` takes what rules over verdicts match for the partitions whose correlations count it. */
  readonly create: (forward: Forward) => DetectStage;
  /** How far all partitions have judged; undefined while it is not known. */
  readonly judged: () => Promise<JudgedView | undefined>;
}

/** How far the slices had come. */
interface SliceMarks {
  readonly marks: ReadonlyMap<string, Mark>;
  /** Whether what is read now comes from the server that said so, and not from a replica that may have less. */
  readonly isCurrent: () => boolean;
}

export interface PartitionParts extends Omit<JudgeParts, "open" | "createDetection"> {
  readonly store: PartitionStore;
  readonly sink: Sink;
  readonly slices: () => Slices;
  readonly marks: () => Promise<SliceMarks>;
  /** Absent: no rules are asked. */
  readonly detection?: PartitionDetection | undefined;
  /** How long to wait when no events wait. */
  readonly pollMs: number;
  readonly random: () => number;
  readonly onWait?: RetrySettings["onWait"];
  readonly onOutput?: (output: Output) => void;
}

/** Entries taken at once. */
const maxEntries = 64;

/**
 * Judges the sessions of a partition from where its last owner came to, until all input is judged (`done`) or `stop`.
 * Throws `cluster_lease_lost` and `cluster_checkpoint_lost` (reconnect).
 */
export async function runPartition(
  lease: HeldLease,
  parts: PartitionParts,
  stop: AbortSignal,
): Promise<"done" | "stopped"> {
  const { store, detection, random, onWait } = parts;
  const state = await store.load();
  const open = (): readonly string[] => parts.slices().open;
  const judge = new PartitionJudge({ ...parts, open, createDetection: detection?.create }, state);
  const sink = fenceSink(parts.sink, lease);
  await sink.open(state.sinkPosition);
  const waits = { minWaitMs: 200, maxWaitMs: 30_000, random, onWait };
  const { lost } = lease;
  while (!stop.aborted) {
    // Asked before reading: what the slices had sent by then is among what is read.
    const { isOver, isJudged, judged } = parts.slices();
    const { marks, isCurrent } = await lease.guard(parts.marks());
    const view = detection && (await lease.guard(detection.judged()));
    const { entries, hasAll } = await store.read(maxEntries);
    for (const { entry } of entries) judge.take(entry);
    if (hasAll && isCurrent()) judge.takeMarks(marks, view);
    const hasRead = isOver && entries.length === 0;
    if (hasRead) judge.end();
    const isEnd = hasRead && (detection === undefined || isJudged);
    if (isEnd) judge.finish();
    const mustTell = hasRead && detection !== undefined && !judged.has(lease.resource);
    const { step, ...found } = judge.step(entries.at(-1)?.id, mustTell);
    if (step !== undefined) {
      const output = { labels: [], deadLetters: [], ...found };
      const isEmpty = found.verdicts.length + found.alerts.length === 0;
      const written = isEmpty ? undefined : await retry(() => sink.write(output, lost), waits, lost);
      const whole = { ...step, ...(written !== undefined && { sinkPosition: written }) };
      await retry(() => store.commit(whole), waits, lost);
      parts.onOutput?.(output);
    }
    if (judge.hasMore) continue;
    if (isEnd) {
      await store.finish();
      return "done";
    }
    if (hasAll) await sleep(parts.pollMs, undefined, { signal: AbortSignal.any([stop, lost]) }).catch(() => undefined);
  }
  return "stopped";
}
