import type { WorkerConfig } from "../config/config-schema.ts";
import type { OnnxEncoder } from "../label/onnx-encoder.ts";
import type { QueueWorker } from "../queue/queue-worker.ts";
import { openHealthServer } from "../server/health-server.ts";
import { formatWorkerMetrics, type WorkerSnapshot } from "../telemetry/worker-metrics.ts";
import { processUse } from "./process-use.ts";

/** What a worker stands on once its model is loaded. */
interface WorkerParts {
  readonly version: string;
  readonly encoder: OnnxEncoder;
  readonly worker: QueueWorker;
}

/** How a worker is doing, for `/metrics`, `/healthz`, `/readyz` and `/status`. */
export interface WorkerHealth {
  /** The worker takes jobs from now on. */
  started(parts: WorkerParts): void;
  /** It takes no more. */
  draining(): void;
  close(): Promise<void>;
}

/** Redis is asked every second. */
const silentAfterMs = 5_000;

/** Listens where the configuration says so, from before the model is loaded; undefined where it says nothing. */
export async function openWorkerHealth({ queue, health }: WorkerConfig): Promise<WorkerHealth | undefined> {
  const { health_port: port } = queue.worker;
  if (port === undefined) return undefined;
  const startedMs = Date.now();
  let parts: WorkerParts | undefined;
  let isDraining = false;
  const obstacle = (): string | undefined => {
    if (isDraining) return "draining";
    if (parts === undefined) return "starting";
    return parts.worker.silentMs() > silentAfterMs ? "waiting: queue_redis_unreachable" : undefined;
  };
  const status = (): WorkerSnapshot => {
    const why = obstacle();
    return { startedMs, ...(why !== undefined && { obstacle: why }), ...(parts !== undefined && numbersOf(parts)) };
  };
  const metrics = (): string => formatWorkerMetrics(status(), processUse());
  const option = "queue.worker.health_port";
  const server = await openHealthServer({ host: health.host, port, option, metrics, status, obstacle });
  return {
    started: (some) => {
      parts = some;
    },
    draining: () => {
      isDraining = true;
    },
    close: () => server.close(),
  };
}

function numbersOf({ version, encoder, worker }: WorkerParts): Omit<WorkerSnapshot, "startedMs"> {
  const queue = worker.standing();
  return { version, work: worker.counters(), devices: encoder.devices(), ...(queue !== undefined && { queue }) };
}
