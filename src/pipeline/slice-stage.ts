import type { EventRow } from "../cluster/event-row.ts";
import { partitionOf } from "../cluster/partition-of.ts";
import type { SliceCheckpoint, SliceState, SliceStep, SliceStore } from "../cluster/slice-store.ts";
import type { StreamEntry } from "../cluster/stream-entry.ts";
import type { Forward } from "../detect/detect-stage.ts";
import type { LabelledEvent } from "../event/label.ts";
import { MatchOutbox } from "./match-outbox.ts";
import type { PipelineState, SessionStage } from "./session-stage.ts";

export interface SliceStageSettings {
  /** Name of the slice's lease. */
  readonly slice: string;
  readonly partitions: number;
  /** Tags of the vocabulary, by place. */
  readonly tags: readonly string[];
  readonly store: SliceStore;
  readonly checkpoint: SliceState;
  /** Times further ahead of this clock are not believed. */
  readonly latestMs: () => number;
}

/** The ends of a pipeline that reads one slice: its sessions are judged elsewhere, and its state is shared. */
export interface SliceStage {
  readonly sessions: SessionStage;
  readonly state: PipelineState;
  /** Takes what rules match for the partitions whose correlations count it. */
  readonly forward: Forward;
}

/** Sends labelled events to the owners of their sessions' partitions, together with the checkpoint that they precede. */
export function createSliceStage(settings: SliceStageSettings): SliceStage {
  const { store, checkpoint: loaded } = settings;
  const outbox = new Outbox(settings);
  /** What belongs to steps that are being written: the next one is made meanwhile. */
  const sent: Sent[] = [];
  let { detection: _, ...checkpoint } = loaded;
  let step: SliceStep | undefined;
  const commit = async ({ detection, ...changed }: SliceCheckpoint & Pick<SliceStep, "detection">): Promise<void> => {
    // A step that is tried again is the same one.
    step ??= stepOf({ ...checkpoint, ...changed }, sent.shift() ?? outbox.take(), detection);
    await store.commit(step);
    checkpoint = step.checkpoint;
    step = undefined;
  };
  return {
    sessions: {
      add: (events) => {
        outbox.add(events);
        return [];
      },
      closeIdle: () => {
        outbox.rest();
        return [];
      },
      rest: () => {
        outbox.rest();
        return commit({});
      },
      closeAll: () => [],
      changes: () => {
        sent.push(outbox.take());
        return {};
      },
      restore: () => undefined,
    },
    state: {
      load: () => loaded,
      commit: ({ cursor, sinkPosition, normalizerState, detection }) =>
        commit({
          cursor,
          sinkPosition,
          ...(normalizerState !== undefined && { normalizerState }),
          ...(detection !== undefined && { detection }),
        }),
      startSink: (sinkPosition) => commit({ sinkPosition }),
      ...noSessions,
    },
    forward: outbox.matches.add,
  };
}

const noSessions = {
  sessionMeta: () => [].values(),
  sessionKeys: () => [].values(),
  eventsOf: () => [],
};

/** What goes to the partitions with one step. */
interface Sent extends Pick<SliceStep, "entries" | "isIdle"> {
  readonly newestMs: number | undefined;
}

function stepOf(
  checkpoint: SliceCheckpoint,
  { entries, isIdle, newestMs }: Sent,
  detection: SliceStep["detection"],
): SliceStep {
  const reached = { ...checkpoint, ...(newestMs !== undefined && { newestMs }) };
  return { checkpoint: reached, entries, isIdle, ...(detection !== undefined && { detection }) };
}

/** Events since the last step, by partition. */
class Outbox {
  readonly matches: MatchOutbox;
  readonly #settings: SliceStageSettings;
  readonly #places: ReadonlyMap<string, number>;
  #rows = new Map<number, EventRow[]>();
  #beforeMs: number | undefined;
  #afterMs: number | undefined;
  #isIdle = false;

  constructor(settings: SliceStageSettings) {
    this.matches = new MatchOutbox(settings.partitions);
    this.#settings = settings;
    this.#places = new Map(settings.tags.map((tag, place) => [tag, place]));
    this.#beforeMs = settings.checkpoint.newestMs;
    this.#afterMs = this.#beforeMs;
  }

  add(events: readonly LabelledEvent[]): void {
    const latestMs = this.#settings.latestMs();
    for (const labelled of events) {
      const row = this.#rowOf(labelled);
      const partition = partitionOf(row.sessionKey, this.#settings.partitions);
      const rows = this.#rows.get(partition);
      if (rows === undefined) this.#rows.set(partition, [row]);
      else rows.push(row);
      const { timeMs = Number.POSITIVE_INFINITY } = row;
      if (timeMs <= latestMs) this.#afterMs = Math.max(this.#afterMs ?? timeMs, timeMs);
    }
  }

  /** Nothing came for a while. */
  rest(): void {
    this.#isIdle = true;
  }

  take(): Sent {
    const { slice } = this.#settings;
    const [beforeMs, afterMs] = [this.#beforeMs, this.#afterMs];
    const matches = this.matches.take();
    const entries = new Map<number, StreamEntry>();
    for (const partition of new Set([...this.#rows.keys(), ...matches.keys()])) {
      const parts = { rows: this.#rows.get(partition) ?? [], matches: matches.get(partition) ?? [] };
      entries.set(partition, { slice, beforeMs, afterMs, ...parts });
    }
    const isIdle = this.#isIdle && entries.size === 0;
    this.#rows = new Map();
    this.#beforeMs = afterMs;
    this.#isIdle = false;
    return { entries, isIdle, newestMs: afterMs };
  }

  #rowOf({ event, topLabels }: LabelledEvent): EventRow {
    const { sessionKey, id, timeMs, platform, host, user, origin } = event;
    return {
      sessionKey,
      id,
      ...(timeMs !== undefined && Number.isFinite(timeMs) && { timeMs }),
      sequence: origin.sequence,
      platform,
      ...(host !== undefined && { host }),
      ...(user !== undefined && { user }),
      labels: topLabels.map(({ label_id, score }) => [this.#places.get(label_id) ?? label_id, score] as const),
    };
  }
}
