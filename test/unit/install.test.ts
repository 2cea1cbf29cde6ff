import { describe, expect, it } from "vitest";
import { bundled } from "../../src/cli/paths.ts";
import { applyInstall, requireOwned } from "../../src/deploy/apply-install.ts";
import { compileMappings } from "../../src/deploy/compile-mappings.ts";
import { diffValues } from "../../src/deploy/diff-values.ts";
import { listAssets } from "../../src/deploy/list-assets.ts";
import { loadStreams } from "../../src/deploy/load-streams.ts";
import { planInstall } from "../../src/deploy/plan-install.ts";
import { probeServer, type ServerFacts } from "../../src/deploy/probe-server.ts";
import { loadVocabulary } from "../../src/event/vocabulary.ts";
import type { SearchServer, ServerRequest } from "../../src/sdk/index.ts";

const signal = new AbortController().signal;
const streams = loadStreams(bundled.streams());
const tags = loadVocabulary(bundled.vocabulary()).tags.map(({ id }) => id);
const settings = { retentionDays: {} };
const facts: ServerFacts = {
  product: "elasticsearch",
  version: "9.4.3",
  isServerless: false,
  hasDataStreams: true,
  lifecycle: "ilm",
  hasSecurity: true,
  hasWildcard: true,
  hasMatchOnlyText: true,
  flatType: "flattened",
  ingestedProcessor: { set: { field: "event.ingested", copy_from: "_ingest.timestamp" } },
  mayNameMissingComponents: true,
};

/** A server that has `installed` by path, and takes everything. */
function recordingServer(installed: Readonly<Record<string, unknown>>) {
  const sent: ServerRequest[] = [];
  const server: SearchServer = {
    product: "elasticsearch",
    version: "9.4.3",
    isServerless: false,
    request: async (request) => {
      if (request.method !== "GET") sent.push(request);
      if (request.path.startsWith("/_resolve/")) return { status: 200, body: {} };
      const body = installed[request.path];
      return request.method === "GET" && body === undefined ? { status: 404, body: {} } : { status: 200, body };
    },
    close: async () => undefined,
  };
  return { server, sent };
}

const assetsFor = (more: Partial<ServerFacts>) => listAssets(streams, tags, { ...facts, ...more }, settings);
const bodyOf = (more: Partial<ServerFacts>, name: string) =>
  JSON.stringify(assetsFor(more).findLast((asset) => asset.name === name)?.body);

describe("what is installed", () => {
  it("maps the score of every tag as a float, and lets no document add a field", () => {
    const mappings = bodyOf({}, "tagsmith-labels-mappings");
    for (const tag of tags) expect(mappings).toContain(`"${tag}":{"type":"float"}`);
    for (const { body } of assetsFor({}).filter(({ name }) => name.endsWith("-mappings"))) {
      expect(JSON.stringify(body)).toContain('"dynamic":false');
    }
  });

  it("stays below the limit of fields that servers set", () => {
    for (const { kind, name, body } of assetsFor({})) {
      if (kind !== "component_template") continue;
      const fields = JSON.stringify(body).match(/"(type|properties)":/g) ?? [];
      expect(fields.length, name).toBeLessThan(800);
    }
  });

  it("leaves out field types that a server does not have", () => {
    expect(bodyOf({}, "tagsmith-labels-mappings")).toMatch(/"wildcard".*"match_only_text"/);
    const plain = bodyOf({ hasWildcard: false, hasMatchOnlyText: false }, "tagsmith-labels-mappings");
    expect(plain).not.toMatch(/wildcard|match_only_text/);
    expect(plain).toContain('"text":{"type":"keyword","ignore_above":8191,"fields":{"words":{"type":"text"}}}');
  });

  it("maps facts as one field whose names need no mapping, each server by its own type, or keeps them unsearchable", () => {
    const factsOf = (flatType: ServerFacts["flatType"]) =>
      /"facts":(\{[^}]*\})/.exec(bodyOf({ flatType }, "tagsmith-labels-mappings") ?? "")?.[1];
    expect(factsOf("flattened")).toBe('{"type":"flattened","ignore_above":8191}');
    expect(factsOf("flat_object")).toBe('{"type":"flat_object"}');
    expect(factsOf(undefined)).toBe('{"type":"object","enabled":false}');
  });

  it("asks a server for its type of flat objects, and does without where it has none", async () => {
    const flatTypeOf = async (known: readonly string[]) => {
      const { server } = recordingServer({});
      const request = async ({ path, body }: ServerRequest) => {
        const type = /"probe":\{"type":"(\w+)"/.exec(JSON.stringify(body ?? {}))?.[1];
        return { status: path.includes("_simulate") && !known.includes(type ?? "") ? 400 : 200, body: {} };
      };
      return (await probeServer({ ...server, request }, signal)).flatType;
    };
    expect(await flatTypeOf(["flattened"])).toBe("flattened");
    expect(await flatTypeOf(["flat_object"])).toBe("flat_object");
    expect(await flatTypeOf([])).toBeUndefined();
  });

  it("ages data by what the server has: a policy, its data streams' own way, or not at all", () => {
    const kinds = (lifecycle: ServerFacts["lifecycle"]) => new Set(assetsFor({ lifecycle }).map(({ kind }) => kind));
    expect(kinds("ilm")).toContain("ilm_policy");
    expect(bodyOf({ lifecycle: "ilm" }, "tagsmith-labels")).toContain('"lifecycle.name":"tagsmith-labels"');
    expect(kinds("ism")).toContain("ism_policy");
    expect(kinds("dsl")).not.toContain("ilm_policy");
    expect(bodyOf({ lifecycle: "dsl" }, "tagsmith-labels")).toContain('"lifecycle":{"data_retention":"90d"}');
    expect(bodyOf({ lifecycle: "none" }, "tagsmith-labels")).not.toContain("lifecycle");
    expect(bodyOf({ lifecycle: "ilm" }, "tagsmith-verdicts")).not.toContain("lifecycle");
  });

  it("keeps data for as long as the configuration says", () => {
    const assets = listAssets(streams, tags, facts, { retentionDays: { labels: 7 } });
    const policies = assets.filter(({ kind }) => kind === "ilm_policy");
    const ages = policies.map(({ name, body }) => [name, JSON.stringify(body).match(/"min_age":"(\d+)d"/)?.[1]]);
    expect(ages).toEqual([
      ["tagsmith-labels", "7"],
      ["tagsmith-alerts", "365"],
      ["tagsmith-deadletters", "30"],
    ]);
  });

  it("is put before what needs it", () => {
    const names = assetsFor({}).map(({ kind }) => kind);
    const order = ["pipeline", "ilm_policy", "component_template", "index_template"];
    expect(names.toSorted((a, b) => order.indexOf(a) - order.indexOf(b))).toEqual(names);
  });
});

describe("a plan", () => {
  const [pipeline, ...others] = assetsFor({});
  const installedAs = (body: unknown) => ({ "/_ingest/pipeline/tagsmith-ingested": { "tagsmith-ingested": body } });

  it("creates what is not there and leaves alone what is as wanted", async () => {
    const { server, sent } = recordingServer(installedAs(pipeline?.body));
    const changes = await planInstall(server, assetsFor({}), streams.version, signal);
    expect(changes.map(({ kind }) => kind)).toEqual(["same", ...others.map(() => "create")]);
    expect(sent).toEqual([]);
    await applyInstall(server, changes, signal);
    expect(sent.map(({ method }) => method)).toEqual(others.map(() => "PUT"));
  });

  it("refuses to touch what is not ours, and puts nothing at all then", async () => {
    const { server, sent } = recordingServer(installedAs({ description: "mine", processors: [] }));
    const changes = await planInstall(server, assetsFor({}), streams.version, signal);
    await expect(applyInstall(server, changes, signal)).rejects.toMatchObject({ code: "install_not_owned" });
    expect(sent).toEqual([]);
  });

  it("refuses to replace what a newer Tagsmith installed", async () => {
    const { server } = recordingServer(installedAs({ ...pipeline?.body, version: 99 }));
    const changes = await planInstall(server, assetsFor({}), streams.version, signal);
    expect(() => requireOwned(changes)).toThrow(expect.objectContaining({ code: "install_newer" }));
  });

  it("updates what differs, and tells a state policy which one it has seen", async () => {
    const [policy] = assetsFor({ lifecycle: "ism" }).filter(({ kind }) => kind === "ism_policy");
    if (policy === undefined) throw new Error("no policy");
    const older = JSON.parse(JSON.stringify(policy.body).replace('"90d"', '"30d"'));
    const path = `/_plugins/_ism/policies/${policy.name}`;
    const { server, sent } = recordingServer({ [path]: { ...older, _seq_no: 5, _primary_term: 2 } });
    const changes = await planInstall(server, [policy], streams.version, signal);
    await applyInstall(server, changes, signal);
    expect(changes[0]).toMatchObject({ kind: "update", differences: [{ installed: "30d", wanted: "90d" }] });
    expect(sent).toMatchObject([{ path, query: { if_seq_no: 5, if_primary_term: 2 } }]);
  });
});

describe("a comparison with what a server gives back", () => {
  it("sees through texts for numbers, nested settings and defaults of the server", () => {
    const wanted = { template: { settings: { index: { "mapping.total_fields.limit": 1000 } } }, data_stream: {} };
    const installed = {
      template: { settings: { index: { mapping: { total_fields: { limit: "1000" } } } } },
      data_stream: { hidden: false },
      extra: 1,
    };
    expect(diffValues(installed, wanted)).toEqual([]);
  });

  it("names fields that came, went and changed", () => {
    const mapped = (type: "float" | "keyword", name: string) => ({
      template: {
        mappings: compileMappings({ [name]: type }, [], { wildcard: true, matchOnlyText: true, flat: "flattened" }, {}),
      },
    });
    const paths = diffValues(mapped("keyword", "a.b"), mapped("float", "a.c")).map(({ path, installed, wanted }) => [
      path,
      installed,
      wanted,
    ]);
    const at = "template.mappings.properties.a.properties";
    expect(paths).toContainEqual([`${at}.c.type`, undefined, "float"]);
    expect(paths).toContainEqual([`${at}.b.type`, "keyword", undefined]);
    expect(diffValues(mapped("keyword", "a"), mapped("float", "a"))).toContainEqual({
      path: "template.mappings.properties.a.type",
      installed: "keyword",
      wanted: "float",
    });
  });
});
