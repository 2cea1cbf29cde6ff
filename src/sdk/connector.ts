import type { TechniquesByTag } from "../event/attack.ts";
import type { TagsmithError } from "../event/tagsmith-error.ts";
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
  /** Told before each wait after an error that a later attempt may pass. */
  readonly onWait?: (error: TagsmithError, waitMs: number) => void;
}

/**
 * A system Tagsmith speaks to. `settings` is its part of the configuration, still unchecked; all functions throw
 * TagsmithError `config_invalid` with a line a finding, `source.paths: …`. Sources and sinks open nothing before
 * `read` and `open`.
 */
export interface Connector {
  /** The word used in the configuration, and the folder's name. */
  readonly name: string;
  createSource(settings: unknown, context?: SourceContext): Source;
  createSink(settings: unknown, context: SinkContext): Sink;
  /** Throws `config_invalid` when a source and a sink of this connector would feed each other. */
  checkPair?(source: unknown, sink: unknown): void;
  /** Connects to the server behind the settings of a source or sink; only connectors to search servers can. */
  openServer?(settings: unknown, role: "source" | "sink", signal: AbortSignal): Promise<SearchServer>;
}
