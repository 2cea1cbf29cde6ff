import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";

const minimal = "source: { type: file, paths: [a] }\nsink: { type: file }\n";

describe("configuration", () => {
  it("has defaults for all but source and sink", () => {
    const config = parseConfig(minimal, "t.yaml");
    expect(config.session).toMatchObject({ idle_secs: 1800, min_window_size: 8, score_every: 4, emit: "changes" });
    expect(config.label.top_k).toBe(5);
    expect(config.source["paths"]).toEqual(["a"]);
  });

  it("refuses an unknown key with file and path", () => {
    expect(() => parseConfig(`${minimal}label: { topk: 3 }\n`, "t.yaml")).toThrow(/t\.yaml: label: .*topk/);
  });

  it("refuses a wrong type with file and path", () => {
    expect(() => parseConfig(`${minimal}session: { idle_secs: soon }\n`, "t.yaml")).toThrow(/session\.idle_secs/);
  });

  it("says that a setting is missing", () => {
    expect(() => parseConfig("source: { type: file }\n", "t.yaml")).toThrow("t.yaml: sink: missing; expected object");
  });

  it("refuses duplicate keys and broken YAML", () => {
    expect(() => parseConfig(`${minimal}source: { type: file }\n`, "t.yaml")).toThrow(/unique/i);
    expect(() => parseConfig("source: [", "t.yaml")).toThrow(/t\.yaml/);
  });

  it("is frozen", () => {
    expect(Object.isFrozen(parseConfig(minimal, "t.yaml").session)).toBe(true);
  });

  it.each([
    ["tenant: a:b", "queue.tenant"],
    ["tenant: ''", "queue.tenant"],
    ["worker: { tenant_weights: { a: 0 } }", "queue.worker.tenant_weights.a"],
    ["worker: { tenant_weights: { '../a': 1 } }", "queue.worker.tenant_weights.../a"],
    ["worker: { devices: [gpu] }", "queue.worker.devices.0"],
    ["worker: { devices: ['cuda:0; rm'] }", "queue.worker.devices.0"],
    ["worker: { devices: [] }", "queue.worker.devices"],
    ["worker: { health_port: 70000 }", "queue.worker.health_port"],
  ])("refuses a queue with %s", (queue, path) => {
    const text = `source: { type: file }\nsink: { type: file }\nqueue: { ${queue} }`;
    expect(() => parseConfig(text, "t.yaml")).toThrow(`t.yaml: ${path}: `);
  });

  it("takes tenants, their weights and devices", () => {
    const worker = "{ tenant_weights: { big-1: 2.5 }, devices: [cpu, 'cuda:1', dml, coreml] }";
    const text = `source: { type: file }\nsink: { type: file }\nqueue: { tenant: Acme.eu_1, worker: ${worker} }`;
    const { queue } = parseConfig(text, "t.yaml");
    expect(queue).toMatchObject({ tenant: "Acme.eu_1", worker: { tenant_weights: { "big-1": 2.5 } } });
    expect(queue.worker.devices).toEqual(["cpu", "cuda:1", "dml", "coreml"]);
  });
});
