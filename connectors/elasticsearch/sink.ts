import type { Sink, SinkContext } from "#sdk";
import type { SearchHttp } from "./search-http.ts";
import type { SearchSinkConfig } from "./sink-config.ts";
import { enrichWarnings } from "./sink-enrich.ts";
import { parsePosition, type SinkPosition } from "./sink-position.ts";
import { requireTemplates, streamNames } from "./sink-streams.ts";
import { createSinkWriter, type SinkWriter } from "./sink-writer.ts";

/** What the runtime sets. */
export interface SearchSinkSettings {
  /** Name of this instance: the connector's. */
  readonly name: string;
  readonly connect: (signal: AbortSignal) => Promise<SearchHttp>;
  readonly context: SinkContext;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * A sink that writes labels and dead letters once into data streams, and verdicts over their older selves. Connects with
 * the first write. `open` throws `output_position_invalid` (exit); `write` throws TagsmithError: `sink_not_installed`
 * (exit), `sink_documents_refused` (retry), and what the client throws.
 */
export function createSearchSink(config: SearchSinkConfig, settings: SearchSinkSettings): Sink {
  let position: SinkPosition = { version: 0 };
  let opened: { readonly http: SearchHttp; readonly writer: SinkWriter } | undefined;
  const close = async (): Promise<void> => {
    const closing = opened;
    opened = undefined;
    await closing?.http.close();
  };
  return {
    name: settings.name,
    target: `${settings.name} ${config.namespace}`,
    warnings: config.enrich_source ? enrichWarnings(settings.name) : [],
    open: async (stored) => {
      await close();
      position = parsePosition(stored);
    },
    prepare: (output) => opened?.writer.prepare(output),
    write: async (output, signal) => {
      signal.throwIfAborted();
      opened ??= await connect(config, settings, position, signal);
      position = await opened.writer.write(output, signal);
      return JSON.stringify(position);
    },
    close,
  };
}

async function connect(
  config: SearchSinkConfig,
  { name, connect, context, now, random }: SearchSinkSettings,
  position: SinkPosition,
  signal: AbortSignal,
) {
  const http = await connect(signal);
  try {
    await requireTemplates(http, context.hasRules === true, signal);
  } catch (error) {
    await http.close();
    throw error;
  }
  const bulk = {
    maxDocuments: config.batch_documents,
    maxBytes: config.batch_bytes,
    maxRequests: config.max_requests,
    maxTries: 5,
    minWaitMs: 200,
    maxWaitMs: 10_000,
    refresh: config.refresh,
    stampMs: config.ingested_by === "tagsmith" ? now : undefined,
    random,
    signals: context.signals,
  };
  const isThorough = config.duplicate_check === "always";
  const enriches = config.enrich_source ? name : undefined;
  const settings = { names: streamNames(config.namespace), isThorough, bulk, context, now, enriches };
  return { http, writer: createSinkWriter(http, position, settings) };
}
