import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { elasticsearchConnectionSchema } from "../../connectors/elasticsearch/connection-config.ts";
import { elasticsearchConnector } from "../../connectors/elasticsearch/connector.ts";
import { sinkOptions } from "../../connectors/elasticsearch/sink-config.ts";
import { configSchema, workerConfigSchema } from "../../src/config/config-schema.ts";
import { parseWith } from "../../src/config/load-config.ts";
import { formatMetrics } from "../../src/telemetry/format-metrics.ts";
import { createRunMetrics } from "../../src/telemetry/run-metrics.ts";
import { createCounts } from "../../src/telemetry/signals.ts";
import { formatWorkerMetrics } from "../../src/telemetry/worker-metrics.ts";

const sinkSchema = z.strictObject({ ...elasticsearchConnectionSchema.shape, ...sinkOptions });
const sourceContext = { signals: { count: () => undefined, lag: () => undefined }, onWait: () => undefined };
const root = resolve(import.meta.dirname, "../..");
// The Helm chart is no YAML before it is rendered, and has a test of its own.
const files = globSync("deploy/{compose,kubernetes}/*.yaml", { cwd: root }).sort();
const read = (file: string): string => readFileSync(join(root, file), "utf8");

function documentsOf(text: string): unknown[] {
  return parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

/** Configurations in files of their own and in config maps, by the name of what they configure. */
function configurations(): { readonly name: string; readonly text: string }[] {
  return files.flatMap((file) => {
    if (/\/(tagsmith|worker)\.yaml$/.test(file) && !file.includes("kubernetes"))
      return [{ name: file, text: read(file) }];
    return documentsOf(read(file)).flatMap((document) => {
      const { kind, data = {} } = { kind: undefined, ...Object(document) };
      if (kind !== "ConfigMap") return [];
      return Object.entries(data).map(([key, text]) => ({ name: `${file}/${key}`, text: String(text) }));
    });
  });
}

describe("the examples of deploy/", () => {
  it("are YAML without repeated keys", () => {
    expect(files.length).toBeGreaterThanOrEqual(5);
    for (const file of files) documentsOf(read(file));
  });

  it("configure pipelines and workers that this version takes", () => {
    const found = configurations();
    expect(found.length).toBe(4);
    for (const { name, text } of found) {
      const [value] = documentsOf(text);
      const schema = name.endsWith("worker.yaml") ? workerConfigSchema : configSchema;
      const { queue, cluster, source, sink } = parseWith(schema, value, name, "");
      expect(queue.type, name).toBe("bullmq");
      expect(cluster?.partitions, name).toBe(name === "deploy/compose/tagsmith.yaml" ? 64 : undefined);
      if (source === undefined || sink === undefined) continue;
      const open = (part: typeof source): Record<string, unknown> => {
        const { type, ...settings } = part;
        expect(type).toBe(elasticsearchConnector.name);
        return settings;
      };
      // What the connector does not know it refuses; nothing is connected to yet.
      expect(elasticsearchConnector.createSource(open(source), sourceContext).isLive, name).toBe(true);
      parseWith(sinkSchema, open(sink), name, "sink");
    }
  });

  it("give pipelines and workers the same queue, and name files that are there", () => {
    const compose = documentsOf(read("deploy/compose/compose.yaml"))[0];
    const { services } = { services: {}, ...Object(compose) };
    const mounts = Object.values<{ readonly volumes?: readonly string[] }>(services)
      .flatMap(({ volumes = [] }) => volumes)
      .filter((mount) => mount.startsWith("./"));
    expect(mounts.length).toBe(2);
    for (const mount of mounts) expect(files).toContain(join("deploy/compose", mount.split(":")[0] ?? ""));
    const urls = configurations().map(({ name, text }) =>
      [name.split("/")[1], /redis_url: (\S+)/.exec(text)?.[1]].join(" "),
    );
    expect(new Set(urls).size).toBe(2);
  });

  it("ask workers at the port they listen on, from outside where the cluster asks", () => {
    const workers = configurations().filter(({ name }) => name.endsWith("worker.yaml"));
    expect(workers).toHaveLength(2);
    for (const { name, text } of workers) {
      const { queue, health } = parseWith(workerConfigSchema, documentsOf(text)[0], name, "");
      expect(health.host, name).toBe("0.0.0.0");
      const asking = name.includes("compose") ? "deploy/compose/compose.yaml" : "deploy/kubernetes/tagsmith.yaml";
      const [deployment] = documentsOf(read(asking)).filter((one) => /"worker"/.test(JSON.stringify(one)));
      expect(JSON.stringify(deployment)).toMatch(/\/readyz/);
      expect(JSON.stringify(deployment)).toContain(String(queue.worker.health_port));
    }
  });

  it("scale by metrics that runs and workers have", () => {
    const snapshot = createRunMetrics(createCounts(), () => 0).snapshot();
    const queue = { waiting: 1, oldestSecs: 1, heldBackTexts: 0, sharedTexts: 0, failedTexts: 0, lostJobs: 0 };
    const metrics = formatMetrics({ ...snapshot, queue }, { residentBytes: 0, cpuSecs: 0 });
    const named = [...read("deploy/kubernetes/keda.yaml").matchAll(/tagsmith_\w+\{[^}]*\}/g)].map(([name]) => name);
    expect(named.length).toBe(3);
    const worker = formatWorkerMetrics({ startedMs: 0, queue }, { residentBytes: 0, cpuSecs: 0 });
    for (const name of named) for (const text of [metrics, worker]) expect(text).toContain(`${name} `);
  });
});
