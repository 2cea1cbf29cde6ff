import type { SearchClient } from "../../connectors/elasticsearch/search-http.ts";
import { createPollSource } from "../../connectors/elasticsearch/source.ts";
import { openSearchSourceConfigSchema } from "../../connectors/elasticsearch/source-config.ts";
import type { Batch, Source, SourceContext, SourceRecord, TagsmithError } from "../../src/sdk/index.ts";
import type { Settings, SiemScene } from "./siem-scene.ts";

/** What a test may look at and change while a source reads. */
export interface PollWatch {
  /** Errors it waited after. */
  readonly waits: TagsmithError[];
  /** Wraps the client, for requests that fail or are watched. */
  readonly wrap?: (client: SearchClient) => SearchClient;
  readonly now?: () => number;
  readonly fieldPlan?: SourceContext["fieldPlan"];
}

/** A source on the scene's server that is quick, and ends when it has caught up. */
export function pollSource(scene: SiemScene, settings: Settings, watch: PollWatch = { waits: [] }): Source {
  const quick = { from: "beginning", once: true, safety_lag_secs: 0.2, poll_interval_secs: 0.1, batch_records: 10 };
  const config = openSearchSourceConfigSchema.parse({
    urls: [scene.server.url],
    ...quick,
    ...omitConnection(settings),
  });
  return createPollSource(config, {
    name: "siem",
    connect: async () => {
      const client = await scene.connect({
        request_timeout_secs: config.request_timeout_secs,
        ...pickConnection(settings),
      });
      return watch.wrap?.(client) ?? client;
    },
    context: {
      onWait: (error) => watch.waits.push(error),
      ...(watch.fieldPlan && { fieldPlan: watch.fieldPlan }),
    },
    now: watch.now ?? (() => Date.now()),
    random: () => 0,
  });
}

/** Reads to the end, or until `enough` says so. */
export async function readAll(
  source: Source,
  cursor?: string,
  enough: (records: readonly SourceRecord[], batch: Batch) => boolean | Promise<boolean> = () => false,
): Promise<{ readonly records: SourceRecord[]; readonly cursor: string | undefined; readonly batches: Batch[] }> {
  const stop = new AbortController();
  const records: SourceRecord[] = [];
  const batches: Batch[] = [];
  let last = cursor;
  for await (const batch of source.read(cursor, stop.signal)) {
    records.push(...batch.records);
    batches.push(batch);
    last = batch.cursor;
    if (await enough(records, batch)) stop.abort();
  }
  await source.close();
  return { records, cursor: last, batches };
}

/** Ids of records, sorted. */
export function idsOf(records: readonly SourceRecord[]): string[] {
  return records.map(({ id }) => id).sort();
}

const connectionOptions = ["urls", "tls", "api_key", "username", "password"];

/** What of a source's settings says how to connect. */
function pickConnection(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => connectionOptions.includes(name)));
}

function omitConnection(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !connectionOptions.includes(name)));
}
