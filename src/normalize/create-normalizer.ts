import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SourceRecord } from "../sdk/document.ts";
import { type CompiledMapping, compileMapping } from "./compile-mapping.ts";
import { explainDocument } from "./explain-document.ts";
import type { Mapping } from "./mapping-schema.ts";
import { type Memories, packState, unpackState } from "./normalizer-state.ts";
import { createRecogniser } from "./recogniser.ts";
import type { Readers } from "./renderer.ts";
import type { RefusedResult, Result } from "./result.ts";
import { createTaker, type Take, type Taker } from "./take-document.ts";

/** Turns records into events, in order. */
export interface Normalizer {
  /**
   * Every record ends in some result: of this call, of a later one, or of `flush` when its event is still open.
   * Never throws on a record.
   */
  normalize(records: readonly SourceRecord[]): readonly Result[];
  /** End of input: the results of every open event, or of those that the named mappings hold. */
  flush(mappings?: ReadonlySet<string>): readonly Result[];
  /**
   * For a live source, now and then: the results of events that have been open for half a minute and more by this clock,
   * since nothing may come that would end them.
   */
  release(nowMs: number): readonly Result[];
  /** Open events, or those of the named mappings, as JSON text; store it with the checkpoint. */
  state(mappings?: ReadonlySet<string>): string;
  /** Takes what `state` gave, before the first `normalize`; going on is then as if nothing had happened. */
  restore(state: string): void;
}

export interface NormalizerSettings {
  readonly mappings: readonly Mapping[];
  readonly readers: Readers;
  /** What compiles mappings with these readers; left out: for this normalizer alone. */
  readonly compile?: (mapping: Mapping) => CompiledMapping;
  /** Connector instance, for `origin.source`. */
  readonly source: string;
  /** Longer texts are cut and the event marked incomplete; default 65536. */
  readonly maxTextChars?: number;
  /** Adds to each result how its document was read; slow, for people. */
  readonly explain?: boolean;
}

/** Envelopes within envelopes; deeper ones are refused. */
const maxDepth = 6;

/** Compiles the mappings and holds the state of events that span records. Throws `mapping_invalid`. */
export function createNormalizer(settings: NormalizerSettings): Normalizer {
  const { source, readers, maxTextChars = 65_536 } = settings;
  const { compile = (mapping) => compileMapping(mapping, readers) } = settings;
  const take: Take = (document, at, out) => {
    if (at.depth > maxDepth)
      return void out.push(refused("mapping_nested_too_deep", "Envelopes nest too deep.", at.record));
    const { container } = at.record;
    const candidates = recogniser.candidates(document, container);
    for (let index = 0; index < candidates.length; index += 1) {
      const taker = candidates[index];
      if (taker?.recognises(document) === true && taker.take(document, at, out)) return;
    }
    if (recogniser.forContainer(container).some((taker) => taker.takeUnrecognised(document, at, out))) return;
    out.push(refused("mapping_unknown_shape", "No mapping recognises this document.", at.record));
  };
  const takers = settings.mappings.map((mapping) =>
    named(mapping, () => createTaker(compile(mapping), { source, readers, maxTextChars, take })),
  );
  const recogniser = createRecogniser(takers);
  /** One document must not stop all others for ever: what fails on it is told in its dead letter. */
  const takeSafely = (record: Extract<SourceRecord, { kind: "document" }>, out: Result[]): void => {
    try {
      take(record.document, { source, record, within: "", depth: 0 }, out);
    } catch (cause) {
      const reason = `A mapping failed: ${cause instanceof Error ? cause.message : String(cause)}.`;
      out.push(refused("mapping_failed", reason, record));
    }
  };
  let unused: Memories = new Map();
  return {
    normalize(records) {
      const out: Result[] = [];
      for (const record of records) {
        const before = out.length;
        if (record.kind === "unreadable") out.push(refused(record.code, record.reason, record));
        else takeSafely(record, out);
        if (settings.explain === true) explainFrom(out, before, record, settings);
      }
      return out;
    },
    flush(names) {
      const out: Result[] = [];
      for (const taker of among(takers, names)) taker.flush(out);
      return out;
    },
    release(nowMs) {
      const out: Result[] = [];
      for (const taker of takers) taker.release(nowMs, out);
      return out;
    },
    state: (names) => packState(among(takers, names), unused),
    restore(state) {
      unused = unpackState(state, takers);
    },
  };
}

/** What cannot be compiled says of which mapping. */
function named(mapping: Mapping, compile: () => Taker): Taker {
  try {
    return compile();
  } catch (cause) {
    if (!(cause instanceof TagsmithError)) throw cause;
    throw new TagsmithError(cause.code, `${mapping.name}: ${cause.message}`, cause.remedy, cause);
  }
}

function among(takers: readonly Taker[], names: ReadonlySet<string> | undefined): readonly Taker[] {
  return names === undefined ? takers : takers.filter(({ mapping }) => names.has(mapping.name));
}

function refused(code: string, reason: string, record: SourceRecord | RefusedResult["records"][number]): RefusedResult {
  return { kind: "rejected", code, reason, records: [record] };
}

/** Explains the results a record brought; those of earlier records that it completed keep none. */
function explainFrom(out: Result[], from: number, record: SourceRecord, settings: NormalizerSettings): void {
  if (record.kind === "unreadable") return;
  const explanation = explainDocument(record.document, record.container, settings);
  for (let index = from; index < out.length; index += 1) {
    const result = out[index];
    const own = result?.records.some((one) => one.id === record.id && one.container === record.container);
    if (result !== undefined && own === true) out[index] = { ...result, explanation };
  }
}
