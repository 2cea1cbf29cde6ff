import { setTimeout as sleep } from "node:timers/promises";
import type { EventRow } from "../cluster/event-row.ts";
import type { HeldLease } from "../cluster/held-lease.ts";
import type { PartitionState, PartitionStep, PartitionStore } from "../cluster/partition-store.ts";
import type { StreamEntry } from "../cluster/stream-entry.ts";
import { type Mark, Watermarks } from "../cluster/watermarks.ts";
import type { Verdict } from "../event/verdict.ts";
import type { Sink } from "../sdk/sink.ts";
import type { SessionEvent } from "../session/event-store.ts";
import type { SessionTracker } from "../session/session-tracker.ts";
import type { StoredEvent } from "../session/stored-event.ts";
import type { TrackerChanges } from "../session/tracker-changes.ts";
import { fenceSink } from "./fence-parts.ts";
import { type RetrySettings, retry } from "./retry.ts";

/** What a partition knows of the slices that its events come from. */
export interface Slices {
  /** Those that may still bring events. */
  readonly open: readonly string[];
  /** Whether all input has ended and was read. */
  readonly isOver: boolean;
}

export interface PartitionParts {
  readonly store: PartitionStore;
  /** A fresh one, with `isTimeGiven` and `recordChanges`. */
  readonly tracker: SessionTracker;
  readonly sink: Sink;
  /** Tags of the vocabulary, by place. */
  readonly tags: readonly string[];
  readonly slices: () => Slices;
  readonly marks: () => Promise<ReadonlyMap<string, Mark>>;
  /** How long to wait when no events wait. */
  readonly pollMs: number;
  /** How often idle sessions are closed by the clock while nothing comes; absent for input that ends. */
  readonly tickMs?: number | undefined;
  readonly now: () => number;
  readonly random: () => number;
  readonly onWait?: RetrySettings["onWait"];
  readonly onVerdicts?: (verdicts: readonly Verdict[]) => void;
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
  const state = await parts.store.load();
  const judge = new Judge(parts, state);
  const sink = fenceSink(parts.sink, lease);
  await sink.open(state.sinkPosition);
  const waits = { minWaitMs: 200, maxWaitMs: 30_000, random: parts.random, onWait: parts.onWait };
  const { lost } = lease;
  while (!stop.aborted) {
    // Asked before reading: what the slices had sent by then is among what is read.
    const { isOver } = parts.slices();
    const marks = await lease.guard(parts.marks());
    const waiting = await parts.store.read(maxEntries);
    const hasAll = waiting.length < maxEntries;
    for (const { entry } of waiting) judge.take(entry);
    if (hasAll) judge.takeMarks(marks);
    const isEnd = isOver && waiting.length === 0;
    if (isEnd) judge.end();
    const { verdicts, step } = judge.step(waiting.at(-1)?.id);
    if (step !== undefined) {
      const output = { labels: [], deadLetters: [], verdicts };
      const written = verdicts.length > 0 ? await retry(() => sink.write(output, lost), waits, lost) : undefined;
      const whole = { ...step, ...(written !== undefined && { sinkPosition: written }) };
      await retry(() => parts.store.commit(whole), waits, lost);
      parts.onVerdicts?.(verdicts);
    }
    if (isEnd) return "done";
    if (hasAll) await sleep(parts.pollMs, undefined, { signal: AbortSignal.any([stop, lost]) }).catch(() => undefined);
  }
  return "stopped";
}

/** The tracker of a partition with what it is told of time. */
class Judge {
  readonly #parts: PartitionParts;
  readonly #watermarks: Watermarks;
  #verdicts: Verdict[] = [];
  #quietSinceMs: number;

  constructor(parts: PartitionParts, state: PartitionState) {
    this.#parts = parts;
    this.#watermarks = new Watermarks(state.marks);
    this.#quietSinceMs = parts.now();
    const { meta, events, notes } = state;
    if (meta === undefined) return;
    const stored = events.map(storedEventOf);
    const kept = notes.map(([sessionKey, note]) => ({ sessionKey, note }));
    parts.tracker.restore(stored, kept, meta, parts.now());
  }

  take({ slice, beforeMs, afterMs, rows }: StreamEntry): void {
    const { tracker, tags, now } = this.#parts;
    this.#watermarks.note(slice, beforeMs);
    this.#advance();
    this.#verdicts.push(
      ...tracker.add(
        rows.map((row) => sessionEventOf(row, tags)),
        now(),
      ),
    );
    this.#watermarks.note(slice, afterMs);
    this.#advance();
    this.#quietSinceMs = now();
  }

  takeMarks(marks: ReadonlyMap<string, Mark>): void {
    for (const [slice, mark] of marks) this.#watermarks.note(slice, mark);
    this.#advance();
    const { tracker, tickMs, now } = this.#parts;
    if (tickMs === undefined || now() - this.#quietSinceMs < tickMs) return;
    this.#verdicts.push(...tracker.closeIdle(now()));
    this.#quietSinceMs = now();
  }

  end(): void {
    this.#verdicts.push(...this.#parts.tracker.closeAll());
  }

  /** The verdicts since the last step, and what is to be stored; nothing to store when nothing has changed. */
  step(lastEntry: string | undefined): { readonly verdicts: readonly Verdict[]; readonly step?: PartitionStep } {
    const changes = this.#parts.tracker.takeChanges();
    const verdicts = this.#verdicts;
    this.#verdicts = [];
    const { events, notes, expired, forgotten } = changes;
    const sizes = [events, notes, expired, forgotten, verdicts].map(({ length }) => length);
    if (lastEntry === undefined && sizes.every((size) => size === 0)) return { verdicts };
    return { verdicts, step: stepOf(changes, this.#watermarks.store(), lastEntry) };
  }

  #advance(): void {
    const lowMs = this.#watermarks.lowMs(this.#parts.slices().open);
    if (Number.isFinite(lowMs)) this.#verdicts.push(...this.#parts.tracker.advanceTo(lowMs));
  }
}

function stepOf(
  { events, notes, expired, forgotten, meta }: TrackerChanges,
  marks: Readonly<Record<string, number>>,
  lastEntry: string | undefined,
): PartitionStep {
  return {
    ...(lastEntry !== undefined && { lastEntry }),
    meta,
    marks,
    addEvents: events,
    expired,
    notes: [
      ...notes.map(({ sessionKey, note }): [string, string | null] => [sessionKey, note]),
      ...forgotten.map((sessionKey): [string, string | null] => [sessionKey, null]),
    ],
  };
}

function sessionEventOf({ labels, sequence, ...event }: EventRow, tags: readonly string[]): SessionEvent {
  const topLabels = labels.map(([tag, score]) => ({
    label_id: typeof tag === "number" ? (tags[tag] ?? "") : tag,
    score,
    axis: "",
  }));
  return { event: { ...event, origin: { sequence } }, topLabels };
}

function storedEventOf({ timeMs = 0, ...row }: EventRow): StoredEvent {
  return { ...row, timeMs };
}
