import type { DeviceUse } from "./device-use.ts";
import { depthMetrics, type ProcessUse, processMetrics } from "./format-metrics.ts";
import { type HistogramCounts, histogram, metric } from "./metric-text.ts";
import type { QueueDepthGauges } from "./run-metrics.ts";

/** A labelling worker as numbers, at one moment. */
export interface WorkerSnapshot {
  readonly startedMs: number;
  /** Why it takes no jobs now; absent when it does. */
  readonly obstacle?: string;
  /** What it labels for; absent until the model is loaded, as is all that follows. */
  readonly version?: string;
  readonly work?: WorkerTotals;
  readonly devices?: readonly DeviceUse[];
  /** Absent before the first look. */
  readonly queue?: QueueDepthGauges;
}

interface WorkerTotals {
  readonly jobs: number;
  readonly texts: number;
  readonly shared: number;
  readonly dropped: number;
  readonly failed: number;
  /** Texts of the batches that the model was given. */
  readonly batches: HistogramCounts;
}

/** A worker in Prometheus' text format, version 0.0.4. */
export function formatWorkerMetrics(worker: WorkerSnapshot, use: ProcessUse): string {
  const { work, devices, queue } = worker;
  return [
    metric("worker_ready", "gauge", "1 while the worker takes jobs.", worker.obstacle === undefined ? 1 : 0),
    ...(work === undefined ? [] : workMetrics(work)),
    ...(devices === undefined ? [] : deviceMetrics(devices)),
    ...(queue === undefined ? [] : depthMetrics(queue)),
    ...processMetrics(worker.startedMs, use),
  ].join("");
}

function workMetrics({ jobs, texts, shared, dropped, failed, batches }: WorkerTotals): string[] {
  return [
    metric("worker_jobs_taken_total", "counter", "Jobs taken from the queue.", jobs),
    metric("worker_texts_answered_total", "counter", "Texts of jobs that were answered.", texts),
    metric("worker_shared_texts_total", "counter", "Of these, the ones found in the shared cache.", shared),
    metric("worker_jobs_dropped_total", "counter", "Jobs whose pipeline was gone.", dropped),
    metric("worker_failed_texts_total", "counter", "Texts given up.", failed),
    histogram("worker_batch_texts", "Texts of a batch that the model was given.", batches),
  ];
}

function deviceMetrics(devices: readonly DeviceUse[]): string[] {
  const by = (value: (device: DeviceUse) => number): Readonly<Record<string, number>> =>
    Object.fromEntries(devices.map((device) => [device.name, value(device)]));
  const up = by(({ lost }) => (lost === undefined ? 1 : 0));
  return [
    metric("worker_device_up", "gauge", "0 once the device is taken out.", up, "device"),
    metric(
      "worker_device_texts_total",
      "counter",
      "Texts ranked on the device.",
      by(({ texts }) => texts),
      "device",
    ),
    metric(
      "worker_device_busy_seconds_total",
      "counter",
      "Time that the device was busy, of all its threads together.",
      by(({ busySecs }) => busySecs),
      "device",
    ),
  ];
}
