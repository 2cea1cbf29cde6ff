/** One document to be written. */
export interface BulkItem {
  /** What a refusal is reported under. */
  readonly id: string;
  /** The data stream or index written to. */
  readonly index: string;
  /** Id in the server. */
  readonly documentId: string;
  /** First line of the item: `{"create":{…}}`. */
  readonly action: string;
  /** Second line: the document. */
  readonly source: string;
}

/** What our documents begin with; when they are written is put in here. */
export const eventStart = '{"event":{';

/**
 * The document with `event.ingested`, as it is sent at that time: a document that is sent again later says so, since
 * pollers go by it. What does not begin as our documents do, such as a change of another document, stays as it is.
 */
export function stampedSource({ source }: BulkItem, ingested: string): string {
  if (!source.startsWith(eventStart)) return source;
  return `${eventStart}"ingested":"${ingested}",${source.slice(eventStart.length)}`;
}

/** What became of an item. Whatever is neither is thrown. */
export type BulkResult =
  | { readonly kind: "written"; readonly index: string }
  /** Its id, or a newer version, is there already. */
  | { readonly kind: "known" }
  /** The server will never take this document. */
  | { readonly kind: "refused"; readonly code: string; readonly reason: string };

/** An item that is created once: where its id exists already, nothing changes. */
export function createItem(index: string, id: string, documentId: string, source: string): BulkItem {
  return {
    id,
    index,
    documentId,
    action: `{"create":{"_index":"${index}","_id":${JSON.stringify(documentId)}}}`,
    source,
  };
}

/** An item that replaces what has its id, unless that has this version or a newer one. */
export function versionedItem(
  index: string,
  id: string,
  documentId: string,
  version: number,
  source: string,
): BulkItem {
  const meta = `"_index":"${index}","_id":${JSON.stringify(documentId)}`;
  return {
    id,
    index,
    documentId,
    action: `{"index":{${meta},"version":${version},"version_type":"external"}}`,
    source,
  };
}

/** An item that changes a document, unless someone else has changed it since it was seen. */
export function updateItem(
  index: string,
  id: string,
  documentId: string,
  seen: { readonly if_seq_no: number; readonly if_primary_term: number },
  source: string,
): BulkItem {
  return {
    id,
    index,
    documentId,
    action: JSON.stringify({ update: { _index: index, _id: documentId, ...seen } }),
    source,
  };
}
