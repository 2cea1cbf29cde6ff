import { z } from "zod";
import type { Config } from "../config/config-schema.ts";
import { loadConfig } from "../config/load-config.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SearchServer } from "../sdk/search-server.ts";
import type { ClusterGauges, QueueGauges, RunSnapshot } from "../telemetry/run-metrics.ts";
import { askCluster, clusterText } from "./cluster-status.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { exitCodes } from "./exit-code.ts";
import { askFleet, fleetText } from "./fleet-status.ts";
import { openSinkServer } from "./open-sink-server.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import { formatTable, oneLine, type Terminal } from "./terminal.ts";

/** `tagsmith status`: how a running `tagsmith run` is doing, and what is in the server it writes to. */
export async function statusCommand(
  options: { readonly config: string; readonly json: boolean },
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const config = loadConfig(options.config);
  const stop = stopOnSignals(process, terminal.now, () => undefined);
  try {
    const run = await askRun(config, stop.signal);
    const streams = await askServer(config, registry, stop.signal);
    const [cluster, fleet] = [await askCluster(config), await askFleet(config)];
    if (options.json) {
      const shared = { ...(cluster && { cluster }), ...(fleet && { fleet }) };
      terminal.out.write(`${JSON.stringify({ run: run ?? null, streams, ...shared })}\n`);
    } else {
      const shared = cluster === undefined ? "" : `\n${clusterText(cluster)}`;
      const labelling = fleet === undefined ? "" : `\nLabelling\n${fleetText(fleet)}`;
      const written = streams.length === 0 ? "" : `\n${streamsText(streams)}`;
      terminal.out.write(`${runText(run, config)}${written}${shared}${labelling}`);
    }
    return exitCodes.ok;
  } finally {
    stop.release();
  }
}

const counters = z.record(z.string(), z.number());
const gauge = z.number().exactOptional();
const queueSchema: z.ZodType<QueueGauges> = z.object({
  waiting: gauge,
  waitingBackfill: gauge,
  active: gauge,
  delayed: gauge,
  oldestSecs: gauge,
  oldestBackfillSecs: gauge,
  workers: gauge,
  workerTextsPerSec: gauge,
  heldBackTexts: z.number(),
  sharedTexts: z.number(),
  failedTexts: z.number(),
  lostJobs: z.number(),
});
const clusterSchema: z.ZodType<ClusterGauges> = z.object({
  nodes: z.number(),
  slices: z.number(),
  partitions: z.number(),
  lostLeases: z.number(),
});
const snapshotSchema: z.ZodType<RunSnapshot> = z.object({
  startedMs: z.number(),
  documents: z.number(),
  events: z.number(),
  labelled: z.number(),
  skipped: counters,
  deadLetters: counters,
  verdicts: counters,
  alerts: counters.exactOptional(),
  sourceErrors: counters,
  sinkErrors: counters,
  sinkDocuments: counters,
  eventLagSecs: z.number().exactOptional(),
  ingestLagSecs: z.number().exactOptional(),
  checkpointAgeSecs: z.number().exactOptional(),
  waitingFor: z.object({ code: z.string(), message: z.string() }).exactOptional(),
  queue: queueSchema.exactOptional(),
  cluster: clusterSchema.exactOptional(),
});

/** What the run of this configuration says of itself; undefined when none answers. */
async function askRun({ health }: Config, signal: AbortSignal): Promise<RunSnapshot | undefined> {
  if (health.port === undefined || health.port === 0) return undefined;
  const within = AbortSignal.any([signal, AbortSignal.timeout(5_000)]);
  try {
    const answer = await fetch(`http://${health.host}:${health.port}/status`, { signal: within });
    return snapshotSchema.safeParse(await answer.json()).data;
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}

interface StreamState {
  readonly name: string;
  readonly documents: number;
  /** When the newest document was written, by the server's clock. */
  readonly newest: string | undefined;
}

const found = z.looseObject({
  hits: z.looseObject({ total: z.looseObject({ value: z.int() }) }),
  aggregations: z.looseObject({ newest: z.looseObject({ value_as_string: z.string().optional() }) }).optional(),
});

async function askServer(
  config: Config,
  registry: ConnectorRegistry,
  signal: AbortSignal,
): Promise<readonly StreamState[]> {
  if (registry.get(config.sink.type)?.openServer === undefined) return [];
  const server = await openSinkServer(config, registry, signal);
  try {
    const namespace = String(config.sink["namespace"] ?? "default");
    const names = ["labels", "verdicts", "alerts", "deadletters"].map((stream) => `tagsmith-${stream}-${namespace}`);
    return await Promise.all(names.map((name) => askStream(server, name, signal)));
  } finally {
    await server.close();
  }
}

async function askStream(server: SearchServer, name: string, signal: AbortSignal): Promise<StreamState> {
  const body = { size: 0, track_total_hits: true, aggs: { newest: { max: { field: "event.ingested" } } } };
  const request = { method: "POST", path: `/${name}/_search`, body, accept: [404] } as const;
  const answer = await server.request(request, signal);
  const { data } = found.safeParse(answer.body);
  if (answer.status === 200 && data === undefined) {
    throw new TagsmithError("siem_answer_invalid", `the server's answer about ${name} cannot be read.`, "retry");
  }
  return { name, documents: data?.hits.total.value ?? 0, newest: data?.aggregations?.newest.value_as_string };
}

function runText(run: RunSnapshot | undefined, { health }: Config): string {
  if (run === undefined) {
    return health.port === undefined
      ? "No run can be asked: set health.port, for example 7601.\n"
      : `No run answers on ${health.host}:${health.port}.\n`;
  }
  const rows: (readonly [string, string | number])[] = [
    ["running since", new Date(run.startedMs).toISOString()],
    ["documents read", run.documents],
    ["events labelled", run.labelled],
    ["skipped", total(run.skipped)],
    ["dead letters", total(run.deadLetters)],
    ...kinds("alerts", run.alerts ?? {}),
    ["lag by event time", seconds(run.eventLagSecs)],
    ["lag by ingest time", seconds(run.ingestLagSecs)],
    ["checkpoint age", seconds(run.checkpointAgeSecs)],
    ...kinds("source error", run.sourceErrors),
    ...kinds("sink error", run.sinkErrors),
    ...kinds("sink", run.sinkDocuments),
    ...(run.queue === undefined ? [] : queueRows(run.queue)),
  ];
  const waiting = run.waitingFor;
  const note = waiting === undefined ? "" : `waiting: ${oneLine(`${waiting.code}: ${waiting.message}`)}\n`;
  return formatTable(rows) + note;
}

function queueRows(queue: QueueGauges): [string, string | number][] {
  const { waiting = 0, waitingBackfill = 0, oldestSecs, workers = 0, workerTextsPerSec = 0 } = queue;
  return [
    ["workers", `${workers}, ${workerTextsPerSec} texts/s`],
    ["jobs waiting", `${waiting} live, ${waitingBackfill} of backfills`],
    ["oldest live job", seconds(oldestSecs)],
    ["texts given up", queue.failedTexts],
  ];
}

function streamsText(streams: readonly StreamState[]): string {
  return formatTable(streams.map(({ name, documents, newest }) => [name, documents, newest ?? ""]));
}

function kinds(word: string, counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).map(([kind, count]) => [`${word} ${kind}`, count]);
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

const timeUnits = [
  [86_400, "days"],
  [3_600, "hours"],
  [60, "minutes"],
  [1, "s"],
] as const;

function seconds(value: number | undefined): string {
  if (value === undefined) return "unknown";
  const [size, unit] = timeUnits.find(([least]) => value >= 2 * least) ?? timeUnits[3];
  return `${(value / size).toFixed(1)} ${unit}`;
}
