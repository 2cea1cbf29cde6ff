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
import type { SinkContent } from "../contract/check-sink.ts";
import type { RunningServer } from "../servers/start-server.ts";

export const signal = new AbortController().signal;
export const nothing: Output = { labels: [], verdicts: [], deadLetters: [] };
export const streams = loadStreams(bundled.streams());
export const tags = loadVocabulary(bundled.vocabulary()).tags.map(({ id }) => id);

/** A server of the tests with what is installed, and sinks on it. */
export interface SinkScene {
  readonly server: SearchServer;
  readonly facts: ServerFacts;
  readonly assets: readonly Asset[];
  sink(settings: Readonly<Record<string, unknown>>, context?: Partial<SinkContext>): Sink;
  content(namespace: string): Promise<SinkContent>;
  /** `_source` of all documents of a stream, oldest first. */
  sources(stream: string): Promise<readonly Record<string, unknown>[]>;
  call(method: "GET" | "PUT" | "POST" | "DELETE", path: string, body?: Record<string, unknown>): Promise<unknown>;
}

/** Connects to a server and installs. */
export async function openSinkScene(running: RunningServer): Promise<SinkScene> {
  const connector = running.version.product === "opensearch" ? openSearchConnector : elasticsearchConnector;
  const connection = { urls: [running.url] };
  const server = await connector.openServer?.(connection, "sink", signal);
  if (server === undefined) throw new Error("no server");
  const facts = await probeServer(server, signal);
  const call: SinkScene["call"] = async (method, path, body) => {
    const request = { method, path, ...(body !== undefined && { body }), accept: [404] };
    return (await server.request(request, signal)).body;
  };
  const sources: SinkScene["sources"] = async (stream) => {
    await call("POST", `/${stream}/_refresh`);
    const found = await call("POST", `/${stream}/_search`, { size: 1_000, sort: [{ _seq_no: "asc" }] });
    return hitsOf(found).map(({ _source }) => _source);
  };
  const context = { model: "m@1", vocabulary: "rev20", techniques: loadAttack(bundled.attack()) };
  const scene: SinkScene = {
    server,
    facts,
    assets: listAssets(streams, tags, facts, { retentionDays: {} }),
    sink: (settings, more) => connector.createSink({ ...connection, ...settings }, { ...context, ...more }),
    sources,
    call,
    content: async (namespace) => ({
      labels: (await sources(`tagsmith-labels-${namespace}`)).map(labelOf),
      verdicts: (await sources(`tagsmith-verdicts-${namespace}`)).map(verdictOf),
      alerts: (await sources(`tagsmith-alerts-${namespace}`)).map(alertOf),
      deadLetters: (await sources(`tagsmith-deadletters-${namespace}`)).map(letterOf),
    }),
  };
  await install(scene);
  return scene;
}

/** Puts back what a test has changed. */
export async function install({ server, assets }: SinkScene): Promise<void> {
  await applyInstall(server, await planInstall(server, assets, streams.version, signal), signal);
}

interface Hit {
  readonly _id: string;
  // biome-ignore lint/suspicious/noExplicitAny: documents as the server gives them back
  readonly _source: any;
}

export function hitsOf(answer: unknown): readonly Hit[] {
  return JSON.parse(JSON.stringify(answer)).hits?.hits ?? [];
}

export function documentOf(answer: unknown): Hit & { readonly _version: number } {
  return JSON.parse(JSON.stringify(answer));
}

function labelOf({ event, tagsmith }: Hit["_source"]) {
  return { id: event.id, text: tagsmith.text };
}

function verdictOf({ event, tagsmith }: Hit["_source"]) {
  return { id: event.id, score: tagsmith.verdict.score };
}

function alertOf({ event, rule }: Hit["_source"]) {
  return { id: event.id, rule: rule.name };
}

function letterOf({ event, tagsmith }: Hit["_source"]) {
  return { id: event.id, excerpt: tagsmith.dead_letter.excerpt };
}
