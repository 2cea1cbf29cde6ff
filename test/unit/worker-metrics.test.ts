import { describe, expect, it } from "vitest";
import { createHistogram } from "../../src/telemetry/metric-text.ts";
import { formatWorkerMetrics } from "../../src/telemetry/worker-metrics.ts";

const use = { residentBytes: 1, cpuSecs: 0.5 };

describe("the metrics of a worker", () => {
  it("are text that Prometheus reads, of all devices and of the queue", () => {
    const sizes = createHistogram([1, 16, 256]);
    for (const size of [1, 2, 16, 300]) sizes.add(size);
    const text = formatWorkerMetrics(
      {
        startedMs: 1_000,
        version: "m@1",
        work: { jobs: 1, texts: 2, shared: 1, dropped: 0, failed: 0, batches: sizes.counts() },
        devices: [
          { name: "cpu#1", texts: 5, busySecs: 1.5 },
          { name: "cuda:0", lost: "gone", texts: 0, busySecs: 0 },
        ],
        queue: { waiting: 3, oldestSecs: 2.5, workers: 1, workerTextsPerSec: 10 },
      },
      use,
    );
    expect(text).toContain(
      'tagsmith_worker_device_up{device="cpu#1"} 1\ntagsmith_worker_device_up{device="cuda:0"} 0\n',
    );
    expect(text).toContain('tagsmith_queue_oldest_age_seconds{state="live"} 2.5\n');
    expect(text).toContain("tagsmith_worker_ready 1\n");
    const buckets = [...text.matchAll(/_bucket\{le="([^"]+)"\} (\d+)/g)].map(([, bound, count]) => `${bound} ${count}`);
    expect(buckets).toEqual(["1 1", "16 3", "256 3", "+Inf 4"]);
    expect(text).toContain("tagsmith_worker_batch_texts_sum 319\ntagsmith_worker_batch_texts_count 4\n");
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(/^(# (HELP|TYPE) tagsmith_\w+ .+|tagsmith_\w+(\{\w+="([^"\\]|\\.)*"\})? -?[\d.e+-]+)$/);
    }
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("say before the model is loaded only that the worker is not ready", () => {
    const text = formatWorkerMetrics({ startedMs: 1_000, obstacle: "starting" }, use);
    expect(text).toContain("tagsmith_worker_ready 0\n");
    expect(text).not.toContain("device");
  });
});
