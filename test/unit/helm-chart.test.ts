import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { elasticsearchConnector } from "../../connectors/elasticsearch/connector.ts";
import { configSchema } from "../../src/config/config-schema.ts";
import { parseWith } from "../../src/config/load-config.ts";

const chart = resolve(import.meta.dirname, "../../deploy/helm/tagsmith");
const read = (file: string): string => readFileSync(join(chart, file), "utf8");

type Values = Readonly<Record<string, unknown>>;

/** What Helm makes of a template, as far as these templates go: paths, and a few functions in a pipeline. */
function render(template: string, context: Values): string {
  return template.replace(/(\s*)\{\{(-?) (.+?) \}\}/g, (_whole, space: string, trim: string, expression: string) => {
    const value = expression.split(" | ").reduce<unknown>((last, step) => apply(step, last, context), undefined);
    return `${trim === "-" ? "" : space}${String(value)}`;
  });
}

function apply(step: string, last: unknown, context: Values): unknown {
  const [name = "", argument] = step.split(" ");
  const given = argument?.startsWith(".") ? valueAt(argument, context) : last;
  switch (name) {
    case "toYaml":
      return stringify(given).trimEnd();
    case "toJson":
      return JSON.stringify(given);
    case "nindent":
      return `\n${String(last).replace(/^/gm, " ".repeat(Number(argument)))}`;
    case "sha256sum":
      return createHash("sha256").update(String(last)).digest("hex");
    case "quote":
      return JSON.stringify(String(last));
    default:
      if (name.startsWith(".")) return valueAt(name, context);
      throw new Error(`the test knows no function ${name}`);
  }
}

function valueAt(path: string, context: Values): unknown {
  const value = path
    .slice(1)
    .split(".")
    .reduce<unknown>((at, part) => Object(at)[part], context);
  if (value === undefined) throw new Error(`there is no value ${path}`);
  return value;
}

function renderAll(changed: Values = {}): Map<string, Values> {
  const context = { Release: { Name: "siem" }, Values: { ...parse(read("values.yaml")), ...changed } };
  const templates = globSync("templates/*.yaml", { cwd: chart }).sort();
  const documents = templates.flatMap((file) =>
    parseAllDocuments(render(read(file), context), { uniqueKeys: true }).map((document) => {
      expect(document.errors, file).toEqual([]);
      return document.toJS();
    }),
  );
  return new Map(documents.map((document) => [`${document.kind} ${document.metadata.name}`, document]));
}

describe("the Helm chart", () => {
  it("makes a configuration that this version takes, for nodes of a cluster behind one queue", () => {
    const map = renderAll().get("ConfigMap siem");
    const text = String(Object(map?.["data"])["tagsmith.yaml"]);
    const config = parseWith(configSchema, parse(text), "tagsmith.yaml", "");
    expect(config.cluster).toMatchObject({ lease_ms: 6_000, partitions: 64 });
    expect(config.queue.type).toBe("bullmq");
    const { type, ...source } = config.source;
    expect(type).toBe(elasticsearchConnector.name);
    expect(elasticsearchConnector.createSource(source).isLive).toBe(true);
  });

  it("starts several pipelines and workers that read that configuration and the secrets it names", () => {
    const documents = renderAll();
    const { config } = parse(read("values.yaml"));
    expect([...documents.keys()]).toEqual(["ConfigMap siem", "Deployment siem-pipeline", "Deployment siem-worker"]);
    for (const [role, command, replicas] of [
      ["pipeline", "run", 3],
      ["worker", "worker", 2],
    ] as const) {
      const deployment = JSON.parse(JSON.stringify(documents.get(`Deployment siem-${role}`)));
      const { spec, metadata } = deployment.spec.template;
      const [container] = spec.containers;
      expect(deployment.spec.replicas).toBe(replicas);
      expect(deployment.spec.selector.matchLabels).toEqual(metadata.labels);
      expect(container.args.slice(0, 3)).toEqual([command, "--config", "/etc/tagsmith/tagsmith.yaml"]);
      expect(container.image).toBe("tagsmith:0.1.0");
      expect(container.resources.limits.memory).toMatch(/Gi$/);
      expect(container.livenessProbe.httpGet).toEqual({ path: "/healthz", port: "health" });
      const port = container.ports[0].containerPort;
      expect(metadata.annotations["prometheus.io/port"]).toBe(String(port));
      expect(port).toBe(role === "worker" ? config.queue.worker.health_port : config.health.port);
      const mounted = container.volumeMounts.map(({ name, mountPath }: Values) => [name, mountPath]);
      expect(mounted).toEqual([
        ["config", "/etc/tagsmith"],
        ["secrets", "/run/secrets/tagsmith"],
      ]);
      expect(spec.volumes.map(({ name }: Values) => name)).toEqual(["config", "secrets"]);
    }
  });

  it("starts pods anew when the configuration changes", () => {
    const sumOf = (changed?: Values): unknown =>
      JSON.parse(JSON.stringify(renderAll(changed).get("Deployment siem-pipeline"))).spec.template.metadata.annotations[
        "checksum/config"
      ];
    const { config } = parse(read("values.yaml"));
    expect(sumOf()).toMatch(/^[0-9a-f]{64}$/);
    expect(sumOf({ config: { ...config, redact: "all" } })).not.toBe(sumOf());
  });
});
