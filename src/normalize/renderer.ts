import type { Document } from "../sdk/document.ts";
import type { RecordReaderFactory } from "./record-reader.ts";

/**
 * Writes a structured event as L1 text. `value` is what the mapping's field holds, `document` the whole document.
 * Undefined when there is nothing to write; never throws.
 */
export type Renderer = (value: unknown, document: Document) => string | undefined;

/**
 * Writes a document of one source as documents of another shape, which the mapping of that shape then reads. Undefined
 * when there is nothing of the kind in it; never throws.
 */
export type Converter = (document: Document) => readonly Document[] | undefined;

/** The decoders a mapping may name. */
export interface Readers {
  readonly renderers: ReadonlyMap<string, Renderer>;
  readonly converters?: ReadonlyMap<string, Converter>;
  readonly records: ReadonlyMap<string, RecordReaderFactory>;
}
