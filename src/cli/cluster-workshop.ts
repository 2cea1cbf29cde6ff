import { createHash } from "node:crypto";
import type { ClusterRedis } from "../cluster/cluster-redis.ts";
import type { HeldLease } from "../cluster/held-lease.ts";
import { createJudgedMarks, type JudgedView } from "../cluster/judged-marks.ts";
import { partitionOf } from "../cluster/partition-of.ts";
import { createPartitionStore } from "../cluster/partition-store.ts";
import { readMarks } from "../cluster/slice-store.ts";
import type { Config } from "../config/config-schema.ts";
import type { DetectStage, Forward } from "../detect/detect-stage.ts";
import type { Redaction } from "../pipeline/redaction.ts";
import { type PartitionParts, runPartition, type Slices } from "../pipeline/run-partition.ts";
import { runSlice } from "../pipeline/run-slice.ts";
import type { RedisConnection } from "../queue/redis-connection.ts";
import type { Connector, SinkContext, SourceSlice } from "../sdk/connector.ts";
import type { Sink } from "../sdk/sink.ts";
import type { Source } from "../sdk/source.ts";
import { settingsOf } from "./find-connector.ts";
import type { RunObserver } from "./observe-run.ts";
import type { StageFactory, StageSettings } from "./open-detection.ts";
import type { OpenLabeller } from "./open-labeller.ts";
import { createTrackers } from "./open-sessions.ts";
import { type NormalizerFactory, openRedaction, stopWithinMs, tickMs } from "./open-stages.ts";

const pollMs = 200;
/** Of the matches of each slice so many are remembered in Redis. */
const maxSeen = 10_000;
const monotonicMs = (): number => performance.now();

/** What all parts of the work have in common. */
export interface WorkshopSettings {
  readonly config: Config;
  readonly cluster: NonNullable<Config["cluster"]>;
  readonly reading: Connector;
  readonly writing: Connector;
  readonly context: SinkContext;
  readonly redis: ClusterRedis & Pick<RedisConnection, "breaks">;
  readonly opened: OpenLabeller;
  readonly normalizers: NormalizerFactory;
  readonly rules: StageFactory | undefined;
  readonly observer: RunObserver;
  readonly isLive: boolean;
}

/** Makes what a slice or a partition needs, and puts it away afterwards. */
export class Workshop {
  readonly #settings: WorkshopSettings;
  readonly #tags: readonly string[];
  readonly #redaction: Redaction;
  readonly #trackers: ReturnType<typeof createTrackers>;
  readonly #marks: (notBeforeMs: number) => ReturnType<PartitionParts["marks"]>;
  readonly #judged: (notBeforeMs: number) => Promise<JudgedView | undefined>;

  constructor(settings: WorkshopSettings) {
    this.#settings = settings;
    this.#tags = settings.opened.vocabulary.tags.map(({ id }) => id);
    this.#redaction = openRedaction(settings.config);
    this.#trackers = createTrackers(settings.config, settings.opened, settings.observer.onLateEvents);
    const { redis, cluster } = settings;
    this.#marks = sharedFor(async () => {
      const before = redis.breaks();
      return { marks: await readMarks(redis), isCurrent: () => redis.breaks() === before };
    }, pollMs);
    this.#judged = sharedFor(createJudgedMarks(redis, cluster.partitions, monotonicMs), pollMs);
  }

  async readSlice(slice: SourceSlice, lease: HeldLease, stop: AbortSignal): Promise<void> {
    const { config, cluster, reading, redis, opened, normalizers, rules, observer, isLive } = this.#settings;
    const { counts, metrics, onWait } = observer;
    const source = reading.createSource(slice.settings, {
      signals: metrics.signals,
      onWait,
      fieldPlan: normalizers.fieldPlan,
    });
    const normalizer = normalizers.create(source.name);
    const sink = this.#sink(`slice-${createHash("sha256").update(slice.name).digest("hex").slice(0, 12)}`, lease);
    const stages = rules && stagesOf(rules);
    const parts = {
      source,
      normalizer,
      labeller: opened.labeller,
      createDetection: stages && ((forward: Forward) => stages.create({ forward, maxSeen })),
      sink,
      counts,
      redaction: this.#redaction,
      maxBatchesInFlight: config.pipeline.max_batches_in_flight,
      ...(isLive ? { tickMs } : {}),
      stopWithinMs,
      now: () => Date.now(),
      random: () => Math.random(),
      onWait,
      onStep: withoutProgress(observer.onStep),
    };
    const shared = { redis, partitions: cluster.partitions, maxEntries: cluster.max_waiting_steps, tags: this.#tags };
    try {
      await runSlice(lease, parts, shared, stop);
    } finally {
      normalizers.drop(normalizer);
      stages?.drop();
      await closeAll(source, sink);
    }
  }

  async judgePartition(
    partition: number,
    lease: HeldLease,
    slices: () => Slices,
    stop: AbortSignal,
  ): Promise<"done" | "stopped"> {
    const { config, cluster, redis, rules, observer, isLive } = this.#settings;
    const { partitions } = cluster;
    // Partitions go by the file furthest behind, so that files may be read at different speeds.
    const followsEventTime = config.source["follow"] === true;
    // What was fetched before the lease was taken may be from before Redis was emptied.
    const openedMs = monotonicMs();
    const maxRetainedEvents = Math.ceil(cluster.max_retained_events / partitions);
    const stages = rules && stagesOf(rules);
    const correlations = {
      maxLatenessMs: Number.POSITIVE_INFINITY,
      owns: (place: string) => partitionOf(place, partitions) === partition,
    };
    const sink = this.#sink(`partition-${partition}`, lease);
    const parts = {
      store: createPartitionStore(redis, lease, partition),
      tracker: this.#trackers({ isTimeGiven: true, followsEventTime, maxRetainedEvents }),
      sink,
      tags: this.#tags,
      slices,
      marks: () => this.#marks(openedMs),
      partitions,
      detection: stages && {
        create: (forward: Forward) => stages.create({ forward, correlations }),
        judged: async () => {
          const view = await this.#judged(openedMs);
          return view !== undefined && view.lookedMs > openedMs ? view : undefined;
        },
      },
      pollMs,
      tickMs: isLive ? tickMs : undefined,
      now: () => Date.now(),
      random: () => Math.random(),
      onWait: observer.onWait,
      onOutput: observer.onOutput,
    };
    try {
      return await runPartition(lease, parts, stop);
    } finally {
      stages?.drop();
      await closeAll(sink);
    }
  }

  #sink(scope: string, lease: HeldLease): Sink {
    const { config, writing, context } = this.#settings;
    const fence = { scope, token: lease.owner.token, check: () => lease.check() };
    return writing.createSink(settingsOf(config.sink), { ...context, fence });
  }
}

/** Stages of one part of the work, put away together. */
function stagesOf(rules: StageFactory) {
  const made: DetectStage[] = [];
  return {
    create: (own: StageSettings): DetectStage => {
      const stage = rules.create(own);
      made.push(stage);
      return stage;
    },
    drop: () => {
      for (const stage of made) rules.drop(stage);
    },
  };
}

/** What partitions ask for at about the same time is fetched once; an answer that is a little old only holds them back. */
function sharedFor<T>(fetch: () => Promise<T>, ms: number): (notBeforeMs: number) => Promise<T> {
  let last: Promise<T> | undefined;
  let fetchedMs = 0;
  return (notBeforeMs) => {
    const now = performance.now();
    if (last !== undefined && fetchedMs > notBeforeMs && now - fetchedMs < ms) return last;
    fetchedMs = now;
    const fetched = fetch();
    // The next one asks again.
    fetched.catch(() => {
      if (last === fetched) last = undefined;
    });
    last = fetched;
    return fetched;
  };
}

/** Several slices are read at once: how far one of them is says nothing of the whole. */
function withoutProgress(onStep: RunObserver["onStep"]): RunObserver["onStep"] {
  return (step, output) => {
    const { records, cursor } = step.batch;
    onStep({ ...step, batch: { records, cursor } }, output);
  };
}

async function closeAll(...parts: readonly (Source | Sink)[]): Promise<void> {
  for (const part of parts) await part.close();
}
