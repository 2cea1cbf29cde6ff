import { formatMetrics, type ProcessUse } from "../telemetry/format-metrics.ts";
import type { RunSnapshot } from "../telemetry/run-metrics.ts";
import type { HealthReport } from "./health-server.ts";

/** What a run says of itself; it is ready once a step is stored, and not while something is waited for. */
export function runHealth(snapshot: () => RunSnapshot, use: () => ProcessUse): HealthReport {
  return {
    metrics: () => formatMetrics(snapshot(), use()),
    status: snapshot,
    obstacle() {
      const { waitingFor, checkpointAgeSecs } = snapshot();
      if (waitingFor !== undefined) return `waiting: ${waitingFor.code}`;
      return checkpointAgeSecs === undefined ? "starting" : undefined;
    },
  };
}
