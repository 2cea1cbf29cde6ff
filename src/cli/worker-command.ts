import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { WorkerConfig } from "../config/config-schema.ts";
import { loadWorkerConfig } from "../config/load-config.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { loadVocabulary } from "../event/vocabulary.ts";
import { parseDevices } from "../label/device.ts";
import { type Artifact, loadArtifact } from "../label/load-artifact.ts";
import type { OnnxEncoder } from "../label/onnx-encoder.ts";
import type { QueueWorker } from "../queue/queue-worker.ts";
import type { QueueWorkerSettings } from "../queue/queue-worker-settings.ts";
import { endLeftovers } from "./end-leftovers.ts";
import { exitCodes } from "./exit-code.ts";
import { openEncoder } from "./open-labeller.ts";
import { oncePerSecond } from "./open-queue-encoder.ts";
import { bundled } from "./paths.ts";
import { labelVersion, redisSettings } from "./queue-settings.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import { oneLine, type Terminal } from "./terminal.ts";
import { openWorkerHealth, type WorkerHealth } from "./worker-health.ts";

interface WorkerOptions {
  readonly config: string;
  readonly quiet: boolean;
}

const memoryCheckMs = 2_000;

/** `tagsmith worker`: labels texts for pipelines on other machines until it is asked to stop. */
export async function workerCommand(options: WorkerOptions, terminal: Terminal): Promise<number> {
  const config = loadWorkerConfig(options.config);
  if (config.queue.type !== "bullmq") {
    const message = `${options.config}: queue.type: a worker needs bullmq; in_process pipelines have no workers.`;
    throw new TagsmithError("config_invalid", message, "exit");
  }
  const redis = redisSettings(config);
  const health = await openWorkerHealth(config);
  try {
    return await work(config, { redis, health, isQuiet: options.quiet }, terminal);
  } finally {
    await health?.close();
    endLeftovers();
  }
}

interface WorkParts {
  readonly redis: QueueWorkerSettings["redis"];
  readonly health: WorkerHealth | undefined;
  readonly isQuiet: boolean;
}

async function work(config: WorkerConfig, { redis, health, isQuiet }: WorkParts, terminal: Terminal): Promise<number> {
  const artifact = await loadArtifact(config.model.path ?? bundled.model(), loadVocabulary(bundled.vocabulary()));
  const broken = new AbortController();
  const onBroken = (error: Error): void => broken.abort(error);
  const encoder = await openDevices(config, artifact, terminal, onBroken);
  const version = labelVersion(artifact, config, encoder.topK);
  const say = (text: string): void => void (isQuiet || terminal.err.write(`${oneLine(text)}\n`));
  const stop = stopOnSignals(process, terminal.now, () => say("Stopping: jobs that are in hand are finished."));
  try {
    const worker = await startWorker(config, { encoder, version, redis, onBroken }, terminal);
    health?.started({ version, encoder, worker });
    say(`Labelling for ${version} as ${hostname()}, process ${process.pid}. Ctrl-C stops.`);
    const reason = await untilOver(config, stop.signal, broken.signal);
    health?.draining();
    await worker.close(config.queue.worker.stop_within_secs * 1_000);
    const { jobs, texts, shared, failed } = worker.counters();
    say(`${jobs} jobs, ${texts} texts, ${shared} of them known to other workers, ${failed} given up.`);
    if (reason !== undefined) throw reason;
    return exitCodes.ok;
  } finally {
    await encoder.close();
    stop.release();
  }
}

/** Starts the model on each device. `onBroken` is told when none is left later. */
function openDevices(
  { label, queue }: WorkerConfig,
  artifact: Artifact,
  terminal: Terminal,
  onBroken: (error: TagsmithError) => void,
): Promise<OnnxEncoder> {
  const { top_k: topK, tier, workers, threads_per_worker: threads } = label;
  const { devices } = queue.worker;
  const onDeviceLost = (error: TagsmithError, left: number): void => {
    terminal.err.write(`${oneLine(`tagsmith: ${error.code}: ${error.message}`)}\n`);
    if (left === 0) onBroken(error);
  };
  const on = devices === undefined ? {} : { devices: parseDevices(devices), onDeviceLost };
  return openEncoder(artifact, { topK, tier, workers, threads }, on);
}

async function startWorker(
  { queue }: WorkerConfig,
  {
    encoder,
    ...parts
  }: Pick<QueueWorkerSettings, "version" | "redis" | "onBroken"> & { readonly encoder: OnnxEncoder },
  terminal: Terminal,
): Promise<QueueWorker> {
  const { createQueueWorker } = await import("../queue/queue-worker.ts");
  return createQueueWorker({
    ...parts,
    topK: encoder.topK,
    encode: (texts, signal) => encoder.encode(texts, signal),
    devices: () => encoder.devices(),
    concurrency: queue.worker.concurrency,
    batchTexts: queue.worker.batch_texts,
    batchChars: queue.worker.batch_texts * 256,
    batchesInFlight: queue.worker.batches_in_flight * encoder.devices().length,
    tenantWeights: queue.worker.tenant_weights,
    cacheEntries: queue.cache_max_entries,
    lockMs: queue.worker.lock_secs * 1_000,
    watchesDepth: queue.worker.health_port !== undefined,
    onTrouble: oncePerSecond(({ code, message }) => {
      terminal.err.write(`${oneLine(`tagsmith: ${code}: ${message}`)}\n`);
    }),
    now: () => Date.now(),
    id: randomUUID(),
  });
}

/** Resolves when the worker is to end: asked to, or for what is returned. */
function untilOver(
  { queue }: WorkerConfig,
  signal: AbortSignal,
  broken: AbortSignal,
): Promise<TagsmithError | undefined> {
  const { max_memory_bytes: limit } = queue.worker;
  const { promise, resolve } = Promise.withResolvers<TagsmithError | undefined>();
  const stopped = (): void => resolve(undefined);
  if (signal.aborted) stopped();
  signal.addEventListener("abort", stopped, { once: true });
  const onBroken = (): void => resolve(brokenError(broken.reason));
  if (broken.aborted) onBroken();
  broken.addEventListener("abort", onBroken, { once: true });
  // Keeps the process alive, too.
  const timer = setInterval(() => {
    const used = process.memoryUsage.rss();
    if (limit === undefined || used <= limit) return;
    const message = `The worker uses ${used} bytes, more than queue.worker.max_memory_bytes; it ends to be started again.`;
    resolve(new TagsmithError("worker_memory_exceeded", message, "exit"));
  }, memoryCheckMs);
  return promise.finally(() => {
    clearInterval(timer);
    signal.removeEventListener("abort", stopped);
  });
}

/** Without devices it is clear what is wrong; otherwise the last job says it. */
function brokenError(reason: unknown): TagsmithError {
  if (reason instanceof TagsmithError && reason.code === "encoder_device_lost") return reason;
  const message = `Job after job fails here, the last one with: ${String(reason)}`;
  return new TagsmithError("worker_broken", message, "exit", reason);
}
