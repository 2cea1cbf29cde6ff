import type { TechniquesByTag } from "../event/attack.ts";
import type { TagsmithError } from "../event/tagsmith-error.ts";
import type { Document } from "./document.ts";
import type { SearchServer } from "./search-server.ts";
import type { Signals } from "./signals.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";

/** Which of several writers of one output this is, where nodes share the work. */
export interface Fence {
  /** The part of the work whose output this is: letters, digits and dashes. */
  readonly scope: string;
  /** Rises with each owner of the part, about as the clock does in seconds: what an earlier owner writes must not win. */
  readonly token: number;
  /** Throws when another owner may have begun. What is made before it returns is found by that owner; what is made later is not. */
  readonly check?: () => void;
}

/** A part of a source that can be read by itself. */
export interface SourceSlice {
  /** The same on all nodes, and at all times. */
  readonly name: string;
  /** Settings of a source that reads this part. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What a sink writes into every document. */
export interface SinkContext {
  /** Labelling model, `name@version`. */
  readonly model: string;
  /** Vocabulary of the tags, e.g. `rev20`. */
  readonly vocabulary: string;
  readonly techniques: TechniquesByTag;
  readonly signals?: Signals;
  /** Absent where one process writes everything. */
  readonly fence?: Fence;
  /** Rules are asked, so alerts may come: a sink makes sure beforehand that it can write them. */
  readonly hasRules?: boolean;
}

/** What of documents is enough for the mappings in use. */
export interface FieldPlan {
  /** Paths, at least one; each stands for all that is under it. */
  readonly paths: readonly string[];
  /** Whether a document cut down to `paths` reads as if it were whole. Where it does not, the next plan asks for more. */
  suffices(document: Document, container: string): boolean;
}

/** What the runtime gives a source. */
export interface SourceContext {
  /**
   * Asked before each fetch by sources that can leave fields out; undefined: whole documents. What does not suffice is
   * fetched again by the next plan, which ends in a plan that suffices.
   */
  readonly fieldPlan?: () => FieldPlan | undefined;
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
  /** The parts that nodes can read side by side; every document is in one. Absent: the source cannot be divided. */
  splitSource?(settings: unknown): Promise<readonly SourceSlice[]>;
  /** Throws `config_invalid` when a source and a sink of this connector would feed each other. */
  checkPair?(source: unknown, sink: unknown): void;
  /** Connects to the server behind the settings of a source or sink; only connectors to search servers can. */
  openServer?(settings: unknown, role: "source" | "sink", signal: AbortSignal): Promise<SearchServer>;
}
