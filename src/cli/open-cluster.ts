import { createHash, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { ClusterRedis } from "../cluster/cluster-redis.ts";
import type { HeldLease } from "../cluster/held-lease.ts";
import { createJudgedMarks, type JudgedView } from "../cluster/judged-marks.ts";
import { partitionOf } from "../cluster/partition-of.ts";
import { createPartitionStore } from "../cluster/partition-store.ts";
import { readMarks } from "../cluster/slice-store.ts";
import type { Config } from "../config/config-schema.ts";
import type { DetectStage, Forward } from "../detect/detect-stage.ts";
import { loadAttack } from "../event/attack.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Redaction } from "../pipeline/redaction.ts";
import { runNode } from "../pipeline/run-node.ts";
import { type PartitionParts, runPartition, type Slices } from "../pipeline/run-partition.ts";
import { runSlice } from "../pipeline/run-slice.ts";
import type { RedisConnection } from "../queue/redis-connection.ts";
import type { Connector, SinkContext, SourceSlice } from "../sdk/connector.ts";
import type { Sink } from "../sdk/sink.ts";
import type { Source } from "../sdk/source.ts";
import type { ClusterGauges } from "../telemetry/run-metrics.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { findConnector, settingsOf } from "./find-connector.ts";
import type { RunObserver } from "./observe-run.ts";
import { openDetectStages, type StageFactory, type StageSettings } from "./open-detection.ts";
import type { OpenLabeller } from "./open-labeller.ts";
import { fingerprintOf, type OpenPipeline } from "./open-pipeline.ts";
import { oncePerSecond } from "./open-queue-encoder.ts";
import { createTrackers } from "./open-sessions.ts";
import {
  type NormalizerFactory,
  openNormalizers,
  openRedaction,
  openStages,
  stopWithinMs,
  tickMs,
} from "./open-stages.ts";
import { bundled } from "./paths.ts";
import { clusterRedisSettings } from "./queue-settings.ts";

type ClusterConfig = NonNullable<Config["cluster"]>;

const pollMs = 200;
const retryMs = 1_000;
/** Of the matches of each slice so many are remembered in Redis. */
const maxSeen = 10_000;
const monotonicMs = (): number => performance.now();

/** Opens one node of a cluster. Throws TagsmithError; nothing stays open then. */
export async function openCluster(
  config: Config,
  cluster: ClusterConfig,
  registry: ConnectorRegistry,
  observer: RunObserver,
  openLabels: typeof openStages = openStages,
): Promise<OpenPipeline> {
  const reading = findConnector(registry, config.source.type, "source");
  const writing = findConnector(registry, config.sink.type, "sink");
  if (reading === writing) reading.checkPair?.(settingsOf(config.source), settingsOf(config.sink));
  const slices = await splitSource(reading, config);
  const isLive = slices.length > 0 && reading.createSource(settingsOf(config.source), {}).isLive === true;
  const normalizers = openNormalizers(config, observer.onNotice);
  const { opened, queue } = await openLabels(config, isLive, observer.onWait);
  const closers: (() => Promise<void>)[] = [() => opened.close()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0)) await closer();
  };
  try {
    const { connection, redis } = await connectCluster(config, cluster, observer.onWait);
    closers.push(() => connection.close());
    const { model } = opened.artifact;
    const context = sinkContextOf(config, opened, observer);
    const sink = writing.createSink(settingsOf(config.sink), context);
    const common = fingerprintOf(config, model, sink.target, [cluster.partitions]);
    const fingerprints = { config: common, detect: detectFingerprint(config) };
    const rules = config.detect && openDetectStages(config.detect, model, { onLate: observer.onLate });
    const workshop = new Workshop({
      config,
      cluster,
      reading,
      writing,
      context,
      redis,
      opened,
      normalizers,
      rules,
      observer,
      isLive,
    });
    let standing: ClusterGauges | undefined;
    return {
      cluster: () => standing,
      warnings: [...(sink.warnings ?? []), ...(rules?.warnings ?? [])],
      ...(rules && { detection: rules }),
      reloadMappings: normalizers.reload,
      ...(queue !== undefined && { queue: queue.gauges }),
      run: (stop) =>
        runNode(
          {
            redis,
            member: { id: randomUUID(), host: hostname(), pid: process.pid },
            leaseMs: cluster.lease_ms,
            partitions: cluster.partitions,
            slices,
            maxSlices: isLive ? slices.length : cluster.max_slices,
            fingerprints,
            rules: rules?.fingerprint,
            runSlice: (slice, lease, end) => workshop.readSlice(slice, lease, end),
            runPartition: (partition, lease, known, end) => workshop.judgePartition(partition, lease, known, end),
            now: monotonicMs,
            onStanding: (now) => {
              standing = now;
            },
            onOtherRules: (error) => observer.onWait(error, retryMs),
            onTrouble: oncePerSecond((error) => observer.onWait(error, retryMs)),
          },
          stop,
        ),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function sinkContextOf(config: Config, { artifact }: OpenLabeller, { metrics }: RunObserver): SinkContext {
  const { model, vocabulary } = artifact;
  const techniques = loadAttack(bundled.attack());
  return { model, vocabulary, techniques, signals: metrics.signals, hasRules: config.detect !== undefined };
}

/** The Redis of a cluster, with keys of its own. The modules of the queue load only here. */
export async function connectCluster(config: Config, { name }: ClusterConfig, onWait: RunObserver["onWait"]) {
  const { connectRedis } = await import("../queue/redis-connection.ts");
  const onTrouble = oncePerSecond((error: TagsmithError) => onWait(error, retryMs));
  const connection = await connectRedis(clusterRedisSettings(config), onTrouble);
  const redis: WorkshopSettings["redis"] = {
    call: (command, args) => connection.call(command, args),
    key: (...parts) => connection.key("cluster", name, ...parts),
    breaks: connection.breaks,
  };
  return { connection, redis };
}

async function splitSource(reading: Connector, { source }: Config): Promise<readonly SourceSlice[]> {
  const slices = await reading.splitSource?.(settingsOf(source));
  if (slices !== undefined) return slices;
  throw new TagsmithError("config_invalid", `cluster: a source of type ${source.type} cannot be divided`, "exit");
}

interface WorkshopSettings {
  readonly config: Config;
  readonly cluster: ClusterConfig;
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
class Workshop {
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
    this.#trackers = createTrackers(settings.config, settings.opened);
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
    const { cluster, redis, rules, observer, isLive } = this.#settings;
    const { partitions } = cluster;
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
      tracker: this.#trackers({ isTimeGiven: true, maxRetainedEvents }),
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

/** How rules are asked, whichever they are. */
function detectFingerprint({ detect }: Config): string {
  if (detect === undefined) return "none";
  const { rules: _, ...settings } = detect;
  return JSON.stringify(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)));
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
