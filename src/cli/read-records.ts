import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Document, SourceRecord } from "../sdk/document.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";

/** Reads a whole input file (or `-`) through the file connector, batch by batch. */
export async function* readRecords(path: string, registry: ConnectorRegistry): AsyncGenerator<readonly SourceRecord[]> {
  const connector = registry.get("file");
  if (connector === undefined) throw new TagsmithError("source_unknown", "There is no file connector.", "exit");
  const source = connector.createSource({ paths: [path] });
  try {
    for await (const batch of source.read(undefined, new AbortController().signal)) yield batch.records;
  } finally {
    await source.close();
  }
}

/** The documents of an input file; unreadable records go to `onUnreadable`. */
export async function* readDocuments(
  path: string,
  registry: ConnectorRegistry,
  onUnreadable: (record: Extract<SourceRecord, { kind: "unreadable" }>) => void,
): AsyncGenerator<Document> {
  for await (const records of readRecords(path, registry)) {
    for (const record of records) {
      if (record.kind === "document") yield record.document;
      else onUnreadable(record);
    }
  }
}
