import type { ProcessUse } from "../telemetry/format-metrics.ts";

/** What this process uses now. */
export function processUse(): ProcessUse {
  const { user, system } = process.cpuUsage();
  return { residentBytes: process.memoryUsage.rss(), cpuSecs: (user + system) / 1e6 };
}
