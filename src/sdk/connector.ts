import type { TechniquesByTag } from "../event/attack.ts";
import type { SearchServer } from "./search-server.ts";
import type { Signals } from "./signals.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";

/** What a sink writes into every document. */
export interface SinkContext {
  /** Labelling model, `name@version`. */
  readonly model: string;
  /** Vocabulary of the tags, e.g. `rev20`. */
  readonly vocabulary: string;
  readonly techniques: TechniquesByTag;
  readonly signals?: Signals;
}

/** What the runtime gives a source. */
export interface SourceContext {
  readonly signals?: Signals;
}

/**
 * A system Tagsmith speaks to. `settings` is its part of the configuration, still unchecked; all functions throw
 * TagsmithError `config_invalid` with a line a finding, `source.paths: …`. Nothing is opened before `read`, `open` or
 * `request`.
 */
export interface Connector {
  /** The word used in the configuration, and the folder's name. */
  readonly name: string;
  createSource(settings: unknown, context?: SourceContext): Source;
  createSink(settings: unknown, context: SinkContext): Sink;
  /** The server behind the settings of a source or sink; only connectors to search servers have one. */
  openServer?(settings: unknown, role: "source" | "sink"): SearchServer;
}
