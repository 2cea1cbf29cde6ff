import type { Document } from "../../sdk/document.ts";
import { isObject } from "../compile-path.ts";

/**
 * The rows of an osquery result that holds many, each as a differential result with `columns` and `action`: the
 * `snapshot` of a snapshot result, the `diffResults` of a batch, the `data` of a batch to a TLS server, whose entries
 * are whole results. A batch that says `""` for no rows gives none.
 */
export function convertOsqueryRows(document: Document): readonly Document[] | undefined {
  const { snapshot, diffResults, data, ...rest } = document;
  if (Array.isArray(snapshot)) return rowsOf(snapshot, "snapshot", rest);
  if (diffResults !== undefined) {
    if (!isObject(diffResults)) return diffResults === "" ? [] : undefined;
    const { added, removed } = diffResults;
    return [...rowsOf(listOf(added), "added", rest), ...rowsOf(listOf(removed), "removed", rest)];
  }
  return Array.isArray(data) ? data.filter(isObject) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function rowsOf(rows: readonly unknown[], action: string, rest: Document): Document[] {
  return rows.filter(isObject).map((columns) => ({ ...rest, action, columns }));
}
