import type { FileShape } from "./file-shape.ts";

/** A place between two records of one file; where reading goes on. */
export interface Position {
  /** First byte that no record has used, in the uncompressed content. */
  offset: number;
  /** 1-based line of that byte. */
  line: number;
  /** Bytes before it on its line. */
  column: number;
  /** Records that began or ended on that line already. */
  onLine: number;
  /** Records given out in all. */
  records: number;
  /** Inside a JSON array of documents. */
  inArray: boolean;
  /** Passing over the rest of a broken value, until a line begins with a bracket at this column or before; -1: not. */
  skipColumn: number;
  /** Values that begin before this offset must end on their line: a longer one was found broken here. */
  plainUntil: number;
  /** Says whether a line such as `5` is a broken document or text. */
  shape: FileShape;
}

export function startOfFile(): Position {
  return {
    offset: 0,
    line: 1,
    column: 0,
    onLine: 0,
    records: 0,
    inArray: false,
    skipColumn: -1,
    plainUntil: 0,
    shape: "unknown",
  };
}
