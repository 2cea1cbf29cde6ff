import { expect, it } from "vitest";
import { loadPipeline } from "../../src/cli/sigma-rules.ts";
import { applyInstall } from "../../src/deploy/apply-install.ts";
import { listAssets } from "../../src/deploy/list-assets.ts";
import type { Streams } from "../../src/deploy/load-streams.ts";
import { planInstall } from "../../src/deploy/plan-install.ts";
import { labelDocument } from "../../src/detect/written-document.ts";
import { compileRules, convertRule, createPipeline, fieldTypesOf } from "../../src/sigma/index.ts";
import { alert, labelledEvent } from "../contract/check-sink.ts";
import { onlyRule } from "../unit/sigma-samples.ts";
import { hitsOf, nothing, type SinkScene, signal, streams, tags } from "./sink-scene.ts";

/** What a search server must make of facts of events and groups of alerts. */
export function factsSuite(scene: () => SinkScene, freshNamespace: () => string): void {
  it("brings data of an installation from before facts and groups were mapped under the mapping that has them", async () => {
    const namespace = freshNamespace();
    const older = listAssets(withoutFlat(), tags, scene().facts, { retentionDays: {} });
    for (const { kind, name, body } of older) {
      if (kind === "component_template") await scene().call("PUT", `/_component_template/${name}`, body);
    }
    const sink = scene().sink({ namespace });
    await sink.open(undefined);
    const withFact = (id: string) => {
      const label = labelledEvent(id, "id");
      return { ...label, event: { ...label.event, facts: { response_code: "403" } } };
    };
    await sink.write({ ...nothing, labels: [withFact("old")], alerts: [alert("old")] }, signal);
    const changes = await planInstall(scene().server, scene().assets, streams.version, signal);
    const followed = await applyInstall(scene().server, changes, signal);
    for (const one of ["labels", "alerts"]) {
      expect(followed).toContainEqual({ name: `tagsmith-${one}-${namespace}`, how: "mapping_extended" });
    }
    await sink.write({ ...nothing, labels: [withFact("new")] }, signal);
    await sink.close();
    await scene().call("POST", `/tagsmith-labels-${namespace}/_refresh`);
    const query = { term: { "tagsmith.facts.response_code": "403" } };
    const found = hitsOf(await scene().call("POST", `/tagsmith-labels-${namespace}/_search`, { query }));
    expect(found.map(({ _id }) => _id)).toEqual(["new"]);
  });

  it("finds labels by their facts, and alerts by their kind and group, and takes whatever a document says there", async () => {
    const namespace = freshNamespace();
    const sink = scene().sink({ namespace });
    await sink.open(undefined);
    const withFacts = (id: string, facts: Readonly<Record<string, string>>) => {
      const label = labelledEvent(id, "id");
      return { ...label, event: { ...label.event, facts } };
    };
    const hostile = {
      response_code: "\u20ac".repeat(40_000),
      reason: "a\0b \ud800 \u{1f600}",
      empty: "",
      ...Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`fact_${n}`, "v".repeat(500)])),
    };
    const labels = [
      withFacts("refused", { response_code: "403", response_reason: "Forbidden" }),
      withFacts("done", { response_code: "200" }),
      withFacts("hostile", hostile),
      withFacts("odd", { "a.b..c": "x", "": "y", ".": "z", ["__proto__"]: "p" }),
    ];
    const group = { "host.name": "web-1", "tagsmith.text": "\u20ac".repeat(40_000) };
    const alerts = [alert("rule"), { ...alert("correlation"), kind: "correlation", group } as const];
    await sink.write({ ...nothing, labels, alerts }, signal);
    await sink.close();
    const found = async (stream: string, query: Readonly<Record<string, unknown>>): Promise<unknown[]> => {
      await scene().call("POST", `/tagsmith-${stream}-${namespace}/_refresh`);
      return hitsOf(await scene().call("POST", `/tagsmith-${stream}-${namespace}/_search`, { query })).map(
        ({ _id }) => _id,
      );
    };
    expect(await scene().sources(`tagsmith-deadletters-${namespace}`)).toEqual([]);
    expect(await found("labels", { match_all: {} })).toHaveLength(4);
    expect(await found("labels", { query_string: { query: "tagsmith.facts.response_code:403" } })).toEqual(["refused"]);
    const reason = { value: "forbidden", case_insensitive: true };
    expect(await found("labels", { term: { "tagsmith.facts.response_reason": reason } })).toEqual(["refused"]);
    expect(await found("labels", { prefix: { "tagsmith.facts.response_code": "4" } })).toEqual(["refused"]);
    expect(await found("labels", { exists: { field: "tagsmith.facts.empty" } })).toEqual(["hostile"]);
    expect(await found("alerts", { term: { "tagsmith.alert.kind": "correlation" } })).toEqual(["correlation"]);
    expect(await found("alerts", { term: { "tagsmith.alert.group.host.name": "web-1" } })).toEqual(["correlation"]);
  });

  it("finds by the query of a rule over facts what the rule matches in a run", async () => {
    const namespace = freshNamespace();
    const sink = scene().sink({ namespace });
    await sink.open(undefined);
    const codes = ["403", "404", "4030", "200", undefined];
    const labels = codes.map((code, n) => {
      const label = labelledEvent(`e${n}`, "id");
      const facts = {
        response_reason: n % 2 === 0 ? "Forbidden by RBAC" : "forbidden",
        ...(code && { response_code: code }),
      };
      return { ...label, event: { ...label.event, facts } };
    });
    await sink.write({ ...nothing, labels }, signal);
    await sink.close();
    await scene().call("POST", `/tagsmith-labels-${namespace}/_refresh`);
    const mapping = await scene().call("GET", `/tagsmith-labels-${namespace}/_mapping`);
    const items = [
      "fact.response_code: 403",
      "fact.response_code: ['200', '404']",
      "fact.response_code|startswith: '40'",
      "fact.response_code: null",
      "fact.response_reason: FORBIDDEN",
      "fact.response_reason|startswith: FORB",
      "fact.response_reason: '*'",
    ];
    for (const item of items) {
      const text = `title: T\nlogsource: {product: tagsmith, category: label}\ndetection: {s: {${item}}, condition: s}\n`;
      const renamed = createPipeline([loadPipeline("tagsmith")]).transform(onlyRule(text));
      if (renamed.kind === "refused" || renamed.subject.kind !== "rule") throw new Error(item);
      const options = { target: "dsl", fidelity: "exact", fieldTypes: fieldTypesOf(mapping), index: "" } as const;
      const converted = convertRule(renamed.subject, options);
      if (converted.kind === "refused") throw new Error(converted.reasons.join());
      const matcher = compileRules([renamed.subject]);
      const matched = labels.filter((one) => matcher.match(labelDocument(one, "m@1")).length > 0);
      const [query] = converted.queries;
      const found = hitsOf(await scene().call("POST", `/tagsmith-labels-${namespace}/_search`, { query }));
      expect(found.map(({ _id }) => _id).toSorted(), item).toEqual(matched.map(({ event }) => event.id));
      expect(matched.length, item).toBeGreaterThan(0);
    }
  });
}

/** What was installed before any field was of the type `flat`. */
function withoutFlat(): Streams {
  const older = Object.entries(streams.streams).map(([name, stream]): [string, Streams["streams"][string]] => {
    const fields = Object.fromEntries(Object.entries(stream.fields).filter(([, type]) => type !== "flat"));
    return [name, { ...stream, fields }];
  });
  return { ...streams, version: streams.version - 1, streams: Object.fromEntries(older) };
}
