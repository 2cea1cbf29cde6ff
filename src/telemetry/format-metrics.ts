import { metric } from "./metric-text.ts";
import type { ClusterGauges, QueueDepthGauges, QueueGauges, RunSnapshot } from "./run-metrics.ts";

/** What the process itself uses. */
export interface ProcessUse {
  readonly residentBytes: number;
  readonly cpuSecs: number;
}

/** A run in Prometheus' text format, version 0.0.4. */
export function formatMetrics(run: RunSnapshot, use: ProcessUse): string {
  return [
    metric("documents_read_total", "counter", "Documents read from the source.", run.documents),
    metric("events_labelled_total", "counter", "Events that have labels.", run.labelled),
    metric("documents_skipped_total", "counter", "Documents that are not to be labelled.", run.skipped, "reason"),
    metric("dead_letters_total", "counter", "Documents that could not become events.", run.deadLetters, "code"),
    metric("verdicts_written_total", "counter", "Verdicts written, online ones too.", run.verdicts, "verdict"),
    metric("alerts_written_total", "counter", "Alerts of rules and correlations.", run.alerts, "level"),
    metric("session_late_events_total", "counter", "Events too late to change their session.", run.lateEvents),
    metric("correlation_late_events_total", "counter", "Matched events too late to be counted.", run.lateMatches),
    metric("source_errors_total", "counter", "Failed attempts to read.", run.sourceErrors, "code"),
    metric("sink_errors_total", "counter", "Failed requests and documents of bulk writes.", run.sinkErrors, "code"),
    metric("sink_documents_total", "counter", "Written documents by what became of them.", run.sinkDocuments, "result"),
    metric("event_lag_seconds", "gauge", "Age of the newest event written, by event time.", run.eventLagSecs),
    metric("ingest_lag_seconds", "gauge", "How far the source is behind, by ingest time.", run.ingestLagSecs),
    metric("checkpoint_age_seconds", "gauge", "Time since the last step was stored.", run.checkpointAgeSecs),
    metric("waiting", "gauge", "1 while a failed attempt is made again.", run.waitingFor === undefined ? 0 : 1),
    ...processMetrics(run.startedMs, use),
    ...(run.queue === undefined ? [] : queueMetrics(run.queue)),
    ...(run.cluster === undefined ? [] : clusterMetrics(run.cluster)),
  ].join("");
}

/** What every process says. */
export function processMetrics(startedMs: number, use: ProcessUse): string[] {
  return [
    metric("start_time_seconds", "gauge", "When the process began to work, since 1970.", startedMs / 1_000),
    metric("process_resident_bytes", "gauge", "Memory of the process.", use.residentBytes),
    metric("process_cpu_seconds_total", "counter", "Processor time of the process.", use.cpuSecs),
  ];
}

function queueMetrics(queue: QueueGauges): string[] {
  return [
    ...depthMetrics(queue),
    metric("queue_held_back_texts", "gauge", "Texts that wait to be let into the queue.", queue.heldBackTexts),
    metric("queue_shared_texts_total", "counter", "Texts whose result was in the shared cache.", queue.sharedTexts),
    metric("queue_failed_texts_total", "counter", "Texts that no worker could label.", queue.failedTexts),
    metric("queue_lost_jobs_total", "counter", "Jobs sent again because the queue had lost them.", queue.lostJobs),
  ];
}

/** How long the queue is, and who works on it. */
export function depthMetrics(queue: QueueDepthGauges): string[] {
  const {
    waiting: live,
    waitingBackfill: backfill = 0,
    active = 0,
    delayed = 0,
    oldestSecs,
    oldestBackfillSecs,
  } = queue;
  const jobs = live === undefined ? undefined : { live, backfill, active, delayed };
  const ages = oldestSecs === undefined ? undefined : { live: oldestSecs, backfill: oldestBackfillSecs ?? 0 };
  return [
    metric("queue_jobs", "gauge", "Waiting jobs by lane, jobs in work, jobs that wait for another try.", jobs, "state"),
    metric("queue_oldest_age_seconds", "gauge", "Age of the job that is next.", ages, "state"),
    metric("queue_workers", "gauge", "Workers that take jobs of this model.", queue.workers),
    metric("queue_worker_texts_per_second", "gauge", "What they label, together.", queue.workerTextsPerSec),
  ];
}

function clusterMetrics({ nodes, slices, partitions, lostLeases }: ClusterGauges): string[] {
  const owned = { slice: slices, partition: partitions };
  return [
    metric("cluster_nodes", "gauge", "Nodes that share the work.", nodes),
    metric("cluster_owned_parts", "gauge", "Slices and partitions that this node owns.", owned, "part"),
    metric("cluster_leases_lost_total", "counter", "Leases lost to other nodes or with Redis.", lostLeases),
  ];
}
