import { createHash, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { ClusterRedis } from "../cluster/cluster-redis.ts";
import type { HeldLease } from "../cluster/held-lease.ts";
import { createPartitionStore } from "../cluster/partition-store.ts";
import { readMarks } from "../cluster/slice-store.ts";
import type { Config } from "../config/config-schema.ts";
import { loadAttack } from "../event/attack.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Redaction } from "../pipeline/redaction.ts";
import { runNode } from "../pipeline/run-node.ts";
import { type PartitionParts, runPartition, type Slices } from "../pipeline/run-partition.ts";
import { runSlice } from "../pipeline/run-slice.ts";
import type { Connector, SinkContext, SourceSlice } from "../sdk/connector.ts";
import type { Sink } from "../sdk/sink.ts";
import type { Source } from "../sdk/source.ts";
import type { ClusterGauges } from "../telemetry/run-metrics.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { findConnector, settingsOf } from "./find-connector.ts";
import type { RunObserver } from "./observe-run.ts";
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

const noRules = "cluster: nodes that share the work do not ask rules; leave out detect, or run one process";
const pollMs = 200;
const retryMs = 1_000;

/** Opens one node of a cluster. Throws TagsmithError; nothing stays open then. */
export async function openCluster(
  config: Config,
  cluster: ClusterConfig,
  registry: ConnectorRegistry,
  observer: RunObserver,
  openLabels: typeof openStages = openStages,
): Promise<OpenPipeline> {
  if (Object.hasOwn(config, "detect")) throw new TagsmithError("config_invalid", noRules, "exit");
  const reading = findConnector(registry, config.source.type, "source");
  const writing = findConnector(registry, config.sink.type, "sink");
  if (reading === writing) reading.checkPair?.(settingsOf(config.source), settingsOf(config.sink));
  const slices = await splitSource(reading, config);
  const isLive = slices.length > 0 && reading.createSource(settingsOf(config.source), {}).isLive === true;
  const normalizers = openNormalizers(config);
  const { opened, queue } = await openLabels(config, isLive, observer.onWait);
  const closers: (() => Promise<void>)[] = [() => opened.close()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0)) await closer();
  };
  try {
    const { connection, redis } = await connectCluster(config, cluster, observer.onWait);
    closers.push(() => connection.close());
    const { model, vocabulary } = opened.artifact;
    const context = { model, vocabulary, techniques: loadAttack(bundled.attack()), signals: observer.metrics.signals };
    const sink = writing.createSink(settingsOf(config.sink), context);
    const fingerprint = fingerprintOf(config, model, sink.target, [cluster.partitions]);
    const workshop = new Workshop({
      config,
      cluster,
      reading,
      writing,
      context,
      redis,
      opened,
      normalizers,
      observer,
      isLive,
    });
    let standing: ClusterGauges | undefined;
    return {
      cluster: () => standing,
      warnings: sink.warnings ?? [],
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
            fingerprint,
            runSlice: (slice, lease, end) => workshop.readSlice(slice, lease, end),
            runPartition: (partition, lease, known, end) => workshop.judgePartition(partition, lease, known, end),
            now: () => performance.now(),
            onStanding: (now) => {
              standing = now;
            },
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

/** The Redis of a cluster, with keys of its own. The modules of the queue load only here. */
export async function connectCluster(config: Config, { name }: ClusterConfig, onWait: RunObserver["onWait"]) {
  const { connectRedis } = await import("../queue/redis-connection.ts");
  const onTrouble = oncePerSecond((error: TagsmithError) => onWait(error, retryMs));
  const connection = await connectRedis(clusterRedisSettings(config), onTrouble);
  const redis: ClusterRedis = {
    call: (command, args) => connection.call(command, args),
    key: (...parts) => connection.key("cluster", name, ...parts),
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
  readonly redis: ClusterRedis;
  readonly opened: OpenLabeller;
  readonly normalizers: NormalizerFactory;
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

  constructor(settings: WorkshopSettings) {
    this.#settings = settings;
    this.#tags = settings.opened.vocabulary.tags.map(({ id }) => id);
    this.#redaction = openRedaction(settings.config);
    this.#trackers = createTrackers(settings.config, settings.opened);
    this.#marks = sharedFor(() => readMarks(settings.redis), pollMs);
  }

  async readSlice(slice: SourceSlice, lease: HeldLease, stop: AbortSignal): Promise<void> {
    const { config, cluster, reading, redis, opened, normalizers, observer, isLive } = this.#settings;
    const { counts, metrics, onWait } = observer;
    const source = reading.createSource(slice.settings, { signals: metrics.signals, onWait });
    const normalizer = normalizers.create(source.name);
    const sink = this.#sink(`slice-${createHash("sha256").update(slice.name).digest("hex").slice(0, 12)}`, lease);
    const parts = {
      source,
      normalizer,
      labeller: opened.labeller,
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
      await closeAll(source, sink);
    }
  }

  async judgePartition(
    partition: number,
    lease: HeldLease,
    slices: () => Slices,
    stop: AbortSignal,
  ): Promise<"done" | "stopped"> {
    const { cluster, redis, observer, isLive } = this.#settings;
    // What was fetched before the lease was taken may be from before Redis was emptied.
    const openedMs = performance.now();
    const maxRetainedEvents = Math.ceil(cluster.max_retained_events / cluster.partitions);
    const sink = this.#sink(`partition-${partition}`, lease);
    const parts = {
      store: createPartitionStore(redis, lease, partition),
      tracker: this.#trackers({ isTimeGiven: true, maxRetainedEvents }),
      sink,
      tags: this.#tags,
      slices,
      marks: () => this.#marks(openedMs),
      pollMs,
      tickMs: isLive ? tickMs : undefined,
      now: () => Date.now(),
      random: () => Math.random(),
      onWait: observer.onWait,
      onVerdicts: observer.onVerdicts,
    };
    try {
      return await runPartition(lease, parts, stop);
    } finally {
      await closeAll(sink);
    }
  }

  #sink(scope: string, { owner }: HeldLease): Sink {
    const { config, writing, context } = this.#settings;
    return writing.createSink(settingsOf(config.sink), { ...context, fence: { scope, token: owner.token } });
  }
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
