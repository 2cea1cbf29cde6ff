import { describe, expect, it } from "vitest";
import { TagsmithError } from "../../src/event/tagsmith-error.ts";
import { openHealthServer } from "../../src/server/health-server.ts";
import { runHealth } from "../../src/server/run-health.ts";
import { formatMetrics } from "../../src/telemetry/format-metrics.ts";
import { createRunMetrics } from "../../src/telemetry/run-metrics.ts";
import { createCounts } from "../../src/telemetry/signals.ts";
import { labelledEvent, verdict } from "../contract/check-sink.ts";

const use = { residentBytes: 1, cpuSecs: 0.5 };
const place = { host: "127.0.0.1", option: "health.port" };
const startMs = 1_767_225_600_000;

function runAt(clock: { nowMs: number }) {
  const counts = createCounts();
  return { counts, metrics: createRunMetrics(counts, () => clock.nowMs) };
}

const output = { labels: [labelledEvent("a", "id")], verdicts: [verdict("s", 0.9)], deadLetters: [] };

describe("the metrics of a run", () => {
  it("say how far behind the newest event is, and how old the checkpoint", () => {
    const clock = { nowMs: startMs + 30_000 };
    const { metrics } = runAt(clock);
    expect(metrics.snapshot()).not.toHaveProperty("eventLagSecs");
    metrics.stepDone(output);
    clock.nowMs += 5_000;
    expect(metrics.snapshot()).toMatchObject({ eventLagSecs: 35, checkpointAgeSecs: 5, verdicts: { intrusion: 1 } });
  });

  it("do not take an event dated into the future for progress", () => {
    const clock = { nowMs: startMs - 3_600_000 };
    const { metrics } = runAt(clock);
    metrics.stepDone(output);
    expect(metrics.snapshot()).not.toHaveProperty("eventLagSecs");
  });

  it("tell apart a bounded number of kinds", () => {
    const { metrics } = runAt({ nowMs: startMs });
    for (let n = 0; n < 500; n += 1) metrics.signals.count("sink_errors", `kind_${n}`);
    const kinds = metrics.snapshot().sinkErrors;
    expect(Object.keys(kinds)).toHaveLength(101);
    expect(kinds["other"]).toBe(400);
  });

  it("are text that Prometheus reads, with quotes and line ends escaped", () => {
    const { counts, metrics } = runAt({ nowMs: startMs });
    counts.documents = 7;
    metrics.signals.count("sink_errors", 'a"b\\c\nd', 2);
    const text = formatMetrics(metrics.snapshot(), use);
    expect(text).toContain("# TYPE tagsmith_documents_read_total counter\ntagsmith_documents_read_total 7\n");
    expect(text).toContain('tagsmith_sink_errors_total{code="a\\"b\\\\c\\nd"} 2\n');
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(/^(# (HELP|TYPE) tagsmith_\w+ .+|tagsmith_\w+(\{\w+="([^"\\]|\\.)*"\})? -?[\d.e+-]+)$/);
    }
  });
});

describe("the health server", () => {
  it("is ready once a step is stored, and not while something is waited for", async () => {
    const { metrics } = runAt({ nowMs: startMs });
    const server = await openHealthServer({ ...place, port: 0, ...runHealth(metrics.snapshot, () => use) });
    const ready = async (): Promise<string> => {
      const answer = await fetch(`${server.url}/readyz`);
      return `${answer.status} ${(await answer.text()).trim()}`;
    };
    expect(await ready()).toBe("503 starting");
    metrics.stepDone(output);
    expect(await ready()).toBe("200 ok");
    metrics.waiting(new TagsmithError("siem_unreachable", "no", "retry"));
    expect(await ready()).toBe("503 waiting: siem_unreachable");
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${server.url}/metrics`)).text()).toContain("tagsmith_waiting 1\n");
    expect(await (await fetch(`${server.url}/status`)).json()).toMatchObject({
      waitingFor: { code: "siem_unreachable" },
    });
    expect((await fetch(`${server.url}/elsewhere`)).status).toBe(404);
    expect((await fetch(`${server.url}/metrics`, { method: "POST", body: "x" })).status).toBe(405);
    await server.close();
  });

  it("says which port is taken", async () => {
    const { metrics } = runAt({ nowMs: startMs });
    const settings = { ...place, ...runHealth(metrics.snapshot, () => use) };
    const server = await openHealthServer({ ...settings, port: 0 });
    const port = Number(new URL(server.url).port);
    await expect(openHealthServer({ ...settings, port })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    await server.close();
  });
});
