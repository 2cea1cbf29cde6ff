import type { Sink } from "../sdk/sink.ts";
import type { Source } from "../sdk/source.ts";

/** What a sink writes into every document. */
export interface SinkContext {
  /** Model name and version. */
  readonly model: string;
}

/** A system Tagsmith speaks to; `settings` is its part of the configuration, still unchecked. */
export interface Connector {
  readonly name: string;
  createSource(settings: unknown): Source;
  createSink(settings: unknown, context: SinkContext): Sink;
}

/** Connectors by the word used in the configuration. */
export type ConnectorRegistry = ReadonlyMap<string, Connector>;
