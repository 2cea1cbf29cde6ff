import { availableParallelism } from "node:os";
import { extname } from "node:path";
import type { DeviceUse } from "../telemetry/device-use.ts";
import { type AdmissionGate, createAdmissionGate } from "./admission-gate.ts";
import { reachesInside } from "./command-features.ts";
import { type Device, isAccelerator, processor } from "./device.ts";
import type { Encoder, Ranking } from "./encoder.ts";
import type { EncodeRequest, EncodeResult, EncoderWorkerData } from "./encoder-worker.ts";
import type { Artifact } from "./load-artifact.ts";
import { createNativeGuardBuffer, haltNativeCalls } from "./native-guard.ts";
import { prepareText } from "./prepare-text.ts";
import { cutJobs, splitJobs, type TextJob } from "./split-jobs.ts";
import { createWorkerPool, type PoolThread, type WorkerPool, type WorkerPoolSettings } from "./worker-pool.ts";

/**
 * `fast`: the first stage alone. `accurate`: the whole model for every text. `balanced`: the whole model for the texts
 * that the first stage is unsure of.
 */
export type Tier = (typeof tiers)[number];

export const tiers = ["fast", "balanced", "accurate"] as const;

export interface OnnxEncoderSettings {
  readonly artifact: Artifact;
  /** Labels a text gets; more than there are tags means all of them. */
  readonly topK: number;
  /** How much of the model is asked; default `balanced`. Without a first stage in the artifact always all of it. */
  readonly tier?: Tier;
  /** What the model runs on, one thread each; default: the processor, with `workers` threads. */
  readonly devices?: readonly Device[];
  /** Is told of a device that is used no more, and how many are left. */
  readonly onDeviceLost?: WorkerPoolSettings<EncodeRequest>["onLost"];
  /** Threads that each hold the model; default: one a core, at most 8. */
  readonly workers?: number;
  /** Threads of the runtime within a worker; default: the cores that the workers leave, 1 at least. */
  readonly threads?: number;
  /** Tokens, padding included, in one run of the graph; also about the work handed to a worker at once. */
  readonly maxBatchTokens?: number;
  /** Texts pending before `encode` waits. A larger call goes alone. */
  readonly maxPendingTexts?: number;
}

const MAX_DEFAULT_WORKERS = 8;
const DEFAULT_BATCH_TOKENS = 1_024;
const ACCELERATOR_BATCH_TOKENS = 8_192;
/** Of several devices, one that is busy with one batch for so long hangs. */
const DEVICE_TIMEOUT_MS = 120_000;
const DEFAULT_PENDING_TEXTS = 65_536;
/** Long enough for one batch of a large model: a thread ended inside the runtime would abort the process. */
const CLOSE_TIMEOUT_MS = 60_000;
const EXIT_TIMEOUT_MS = 10_000;

/** An encoder of this process. */
export interface OnnxEncoder extends Encoder {
  devices(): readonly DeviceUse[];
}

/**
 * Starts an encoder on worker threads and resolves once all have loaded the model.
 *
 * The runtime's `run` blocks its thread, so it never runs in this one; tokenizing is done there too. Rejects with
 * `encoder_start_failed` when the model cannot be loaded on any device.
 */
export async function createOnnxEncoder(settings: OnnxEncoderSettings): Promise<OnnxEncoder> {
  const { devices, onDeviceLost } = settings;
  const tier = settings.tier ?? "balanced";
  const workerData = resolveWorkerData(settings);
  const onExit = () => haltNativeCalls(workerData.guard, EXIT_TIMEOUT_MS);
  process.on("exit", onExit);
  const threads = poolThreads(settings, workerData);
  // A text that is asked for by both stages counts once.
  const counted = tier === "accurate" || workerData.encoder.firstStage === undefined ? "whole" : "first";
  const pool = createWorkerPool<EncodeRequest, EncodeResult>({
    url: workerUrl(),
    threads,
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
    taskTimeoutMs: devices === undefined ? undefined : DEVICE_TIMEOUT_MS,
    textsOf: ({ stage, texts }) => (stage === counted ? texts.length : 0),
    onLost: onDeviceLost,
  });
  // Batches come side by side where there are devices; each goes to one that is free.
  const workers = devices === undefined ? threads.length : 1;
  const close = () => pool.close().finally(() => process.off("exit", onExit));
  try {
    await pool.ready();
  } catch (error) {
    await close();
    throw error;
  }
  const gate = createAdmissionGate(settings.maxPendingTexts ?? DEFAULT_PENDING_TEXTS);
  return { ...createPooledEncoder(pool, workerData, { workers, tier, gate }), devices: () => pool.devices(), close };
}

function createPooledEncoder(
  pool: WorkerPool<EncodeRequest, EncodeResult>,
  { encoder, topK, maxBatchTokens }: EncoderWorkerData,
  { workers, tier, gate }: { readonly workers: number; readonly tier: Tier; readonly gate: AdmissionGate },
): Omit<OnnxEncoder, "close" | "devices"> {
  const { maxChars, maxTokens, firstStage } = encoder;
  const totals = { texts: 0, unsure: 0, batches: 0, tokens: 0, paddedTokens: 0 };
  const runStage = (stage: EncodeRequest["stage"], jobs: readonly TextJob[], to: Ranking[], signal: AbortSignal) =>
    runAll(jobs, signal, async (job, end) => {
      const result = await pool.run({ texts: job.texts, stage }, end);
      spread(result, job, topK, to);
      totals.batches += result.batches;
      totals.tokens += result.tokens;
      totals.paddedTokens += result.paddedTokens;
    });
  const rank = async (texts: readonly string[], signal: AbortSignal): Promise<readonly Ranking[]> => {
    const prepared = texts.map((text) => prepareText(text, maxChars));
    const rankings = new Array<Ranking>(texts.length);
    totals.texts += texts.length;
    let rows = prepared.map((_, row) => row);
    if (firstStage !== undefined && tier !== "accurate") {
      await runStage("first", cutJobs(prepared, workers), rankings, signal);
      if (tier === "fast") return rankings;
      const isSure = (row: number): boolean =>
        (rankings[row]?.scores[0] ?? 0) >= firstStage.sureFrom && !reachesInside(prepared[row] ?? "");
      rows = rows.filter((row) => !isSure(row));
      totals.unsure += rows.length;
    }
    const limits = { workers, maxTokens, maxJobTokens: maxBatchTokens };
    await runStage("whole", splitJobs(prepared, limits, rows), rankings, signal);
    return rankings;
  };
  return {
    topK,
    prepare: (text) => prepareText(text, maxChars),
    async encode(texts, signal) {
      await gate.enter(texts.length, signal);
      try {
        return await rank(texts, signal);
      } finally {
        gate.leave(texts.length);
      }
    },
    counters: () => ({ ...totals, ...pool.counters() }),
  };
}

/** Runs the jobs side by side; the first that fails stops the others. */
async function runAll(
  jobs: readonly TextJob[],
  signal: AbortSignal,
  run: (job: TextJob, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const end = AbortSignal.any([signal, failure.signal]);
  try {
    await Promise.all(jobs.map((job) => run(job, end)));
  } finally {
    failure.abort();
  }
}

/** Puts a job's rankings where their texts stand in the call. */
function spread(result: EncodeResult, job: TextJob, topK: number, rankings: Ranking[]): void {
  for (const [place, row] of job.rows.entries()) {
    const start = place * topK;
    rankings[row] = {
      indices: result.indices.subarray(start, start + topK),
      scores: result.scores.subarray(start, start + topK),
    };
  }
}

/** What each thread is started with. */
function poolThreads({ devices, workers }: OnnxEncoderSettings, workerData: EncoderWorkerData): readonly PoolThread[] {
  if (devices !== undefined)
    return devices.map((device) => ({ device: device.name, workerData: { ...workerData, device } }));
  return Array.from({ length: workers ?? defaultWorkers() }, () => ({ device: processor.name, workerData }));
}

function resolveWorkerData({
  artifact,
  topK,
  threads,
  workers,
  devices,
  maxBatchTokens,
}: OnnxEncoderSettings): EncoderWorkerData {
  const onProcessor = devices?.filter((device) => !isAccelerator(device)).length ?? workers ?? defaultWorkers();
  const idleCores = Math.floor(availableParallelism() / Math.max(1, onProcessor));
  const isLarge = devices?.every(isAccelerator) ?? false;
  return {
    encoder: artifact.encoder,
    threads: threads ?? Math.max(1, idleCores),
    device: processor,
    topK: Math.min(topK, artifact.tags.length),
    tagCount: artifact.tags.length,
    maxBatchTokens: maxBatchTokens ?? (isLarge ? ACCELERATOR_BATCH_TOKENS : DEFAULT_BATCH_TOKENS),
    guard: createNativeGuardBuffer(),
  };
}

function defaultWorkers(): number {
  return Math.min(availableParallelism(), MAX_DEFAULT_WORKERS);
}

/** The worker's module stands beside this one, in a clone as `.ts` and in the built package as `.js`. */
function workerUrl(): URL {
  return new URL(`./encoder-worker${extname(import.meta.url)}`, import.meta.url);
}
