import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Config } from "../config/config-schema.ts";
import { loadAttack } from "../event/attack.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { runNode } from "../pipeline/run-node.ts";
import type { Connector, SinkContext, SourceSlice } from "../sdk/connector.ts";
import type { ClusterGauges } from "../telemetry/run-metrics.ts";
import { Workshop, type WorkshopSettings } from "./cluster-workshop.ts";
import { fingerprintOf } from "./config-fingerprint.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { findConnector, settingsOf } from "./find-connector.ts";
import type { RunObserver } from "./observe-run.ts";
import { openDetectStages } from "./open-detection.ts";
import type { OpenLabeller } from "./open-labeller.ts";
import type { OpenPipeline } from "./open-pipeline.ts";
import { oncePerSecond } from "./open-queue-encoder.ts";
import { openNormalizers, openStages } from "./open-stages.ts";
import { bundled } from "./paths.ts";
import { clusterRedisSettings } from "./queue-settings.ts";

type ClusterConfig = NonNullable<Config["cluster"]>;

const retryMs = 1_000;
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

/** The Redis of a cluster, with keys of its own, waited for at most `withinMs`. The modules of the queue load only here. */
export async function connectCluster(
  config: Config,
  { name }: ClusterConfig,
  onWait: RunObserver["onWait"],
  withinMs?: number,
) {
  const { connectRedis } = await import("../queue/redis-connection.ts");
  const onTrouble = oncePerSecond((error: TagsmithError) => onWait(error, retryMs));
  const connection = await connectRedis(clusterRedisSettings(config), onTrouble, withinMs);
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

/** How rules are asked, whichever they are. */
function detectFingerprint({ detect }: Config): string {
  if (detect === undefined) return "none";
  const { rules: _, ...settings } = detect;
  return JSON.stringify(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)));
}
