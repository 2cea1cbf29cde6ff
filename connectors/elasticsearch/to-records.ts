import type { SourceRecord } from "#sdk";
import { keyOf } from "./lane-position.ts";
import type { Hit } from "./search-page.ts";

/** Room below a sequence number for telling documents of several shards apart. */
const shardRoom = 1_024;

/**
 * Hits as records. The sequence comes from the document alone, so that a replay orders events of equal time as before:
 * its number within its shard, which is the order of indexing, and its id below that. Within a batch the documents of one
 * index keep the index's places but stand in sequence.
 */
export function toRecords(hits: readonly Hit[]): SourceRecord[] {
  const byIndex = new Map<string, SourceRecord[]>();
  for (const hit of hits) {
    const records = byIndex.get(hit.index);
    if (records === undefined) byIndex.set(hit.index, [toRecord(hit)]);
    else records.push(toRecord(hit));
  }
  for (const records of byIndex.values()) records.sort(bySequence);
  const queues = new Map([...byIndex].map(([index, records]) => [index, rising(records).values()]));
  return hits.flatMap(({ index }) => {
    const next = queues.get(index)?.next();
    return next === undefined || next.done === true ? [] : [next.value];
  });
}

function bySequence(a: SourceRecord, b: SourceRecord): number {
  if (a.sequence !== b.sequence) return a.sequence - b.sequence;
  return a.id < b.id ? -1 : 1;
}

/** Two documents with the same number and the same end of their id, one in a thousand of those of two shards. */
function rising(records: readonly SourceRecord[]): SourceRecord[] {
  let last = -1;
  return records.map((record) => {
    last = Math.max(last + 1, record.sequence);
    return last === record.sequence ? record : { ...record, sequence: last };
  });
}

function toRecord(hit: Hit): SourceRecord {
  const place = { container: hit.index, id: hit.id, sequence: sequenceOf(hit) };
  if (hit.source !== undefined) return { kind: "document", document: hit.source, ...place };
  const reason = "the index keeps no sources (`_source` is switched off), so there is nothing to read";
  return { kind: "unreadable", code: "siem_source_missing", reason, excerpt: "", ...place };
}

function sequenceOf(hit: Hit): number {
  const bits = Buffer.from(keyOf(hit), "base64url").readUIntBE(0, 6);
  return hit.seqNo === undefined ? Math.floor(bits / 32) : hit.seqNo * shardRoom + (bits % shardRoom);
}
