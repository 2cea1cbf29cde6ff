import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";

/** What a sink writes into every document. */
export interface SinkContext {
  /** Labelling model, `name@version`. */
  readonly model: string;
}

/**
 * A system Tagsmith speaks to. `settings` is its part of the configuration, still unchecked; both functions throw
 * TagsmithError `config_invalid` with a line a finding, `source.paths: …`. Nothing is opened before `read` or `open`.
 */
export interface Connector {
  /** The word used in the configuration, and the folder's name. */
  readonly name: string;
  createSource(settings: unknown): Source;
  createSink(settings: unknown, context: SinkContext): Sink;
}
