import type { LabelledEvent, SinkContext } from "#sdk";
import { type BulkItem, updateItem } from "./bulk-item.ts";
import type { BulkWriter } from "./bulk-writer.ts";
import { fieldOf, listOf } from "./classify-error.ts";
import { SearchError } from "./search-error.ts";
import type { SearchHttp } from "./search-http.ts";

/** What people must know before events themselves are changed. */
export function enrichWarnings(product: string): readonly string[] {
  const own = [
    "sink.enrich_source changes your events: their originals are no longer what was collected.",
    "Each update writes a document anew: about twice the indexing work, and more merging.",
    "Read-only, frozen and searchable-snapshot indices are left as they are; event.ingested stays, so rules that go by it do not see the tags.",
  ];
  const detectors = "Security Analytics detectors look at every updated document again and may report it twice.";
  return product === "opensearch" ? [...own, detectors] : own;
}

/** Writes what labelling says of events into the events themselves. */
export interface Enricher {
  /** Returns the events that stay as they are because their index cannot be written; others are durable then. */
  enrich(labels: readonly LabelledEvent[], signal: AbortSignal): Promise<readonly Unwritable[]>;
}

/** An index that cannot be written, and the server's reason. */
export interface Unwritable {
  readonly index: string;
  readonly reason: string;
}

const maxRounds = 5;
const never = async (): Promise<ReadonlySet<BulkItem>> => new Set();

/** An enricher for the events of `source`, by backing index and sequence number, so that no other change is lost. */
export function createEnricher(http: SearchHttp, bulk: BulkWriter, source: string, context: SinkContext): Enricher {
  const blocked = new Set<string>();
  const find = async (labels: readonly LabelledEvent[], signal: AbortSignal): Promise<readonly BulkItem[]> => {
    const docs = labels.map(({ event: { origin } }) => ({ _index: origin.container, _id: origin.document }));
    const query = { _source_includes: "tagsmith.model,tagsmith.event_id" };
    const { body } = await http.request({ method: "POST", path: "/_mget", query, body: { docs } }, signal);
    return listOf(fieldOf(body, "docs")).flatMap((found, at) => {
      const labelled = labels[at];
      return labelled === undefined || !needsUpdate(found, context.model) ? [] : [itemOf(labelled, found, context)];
    });
  };
  return {
    async enrich(labels, signal) {
      const isOurs = ({ event: { origin } }: LabelledEvent): boolean =>
        origin.source === source && origin.document !== "" && !blocked.has(origin.container);
      let pending = labels.filter(isOurs);
      const met = new Map<string, string>();
      for (let round = 0; pending.length > 0; round += 1) {
        if (round === maxRounds) throw conflictError();
        const items = await find(pending, signal);
        const results = await bulk.write(items, never, signal);
        const conflicting = new Set<string>();
        for (const [at, result] of results.entries()) {
          const item = items[at];
          if (item === undefined) continue;
          if (result.kind === "known") conflicting.add(item.id);
          // An event that is gone by now needs no tags.
          if (result.kind === "refused" && result.code !== "siem_not_found") met.set(item.index, result.reason);
          if (result.kind === "refused" && result.code === "siem_index_blocked") blocked.add(item.index);
        }
        pending = pending.filter(({ event }) => conflicting.has(event.id));
      }
      return [...met].map(([index, reason]) => ({ index, reason }));
    },
  };
}

/** Found, and not yet labelled by this model. */
function needsUpdate(found: unknown, model: string): boolean {
  return fieldOf(found, "found") === true && fieldOf(fieldOf(fieldOf(found, "_source"), "tagsmith"), "model") !== model;
}

/** Few fields of fixed names: the mapping is the user's and may add whatever it sees. */
function itemOf(
  { event, topLabels, tags }: LabelledEvent,
  found: unknown,
  { model, vocabulary }: SinkContext,
): BulkItem {
  const [best] = topLabels;
  const tagsmith = {
    event_id: event.id,
    tags,
    ...(best !== undefined && { top_label: best.label_id, top_score: best.score }),
    session_key: event.sessionKey.toWellFormed(),
    model,
    vocabulary,
  };
  const { container, document } = event.origin;
  const seen = {
    if_seq_no: Number(fieldOf(found, "_seq_no")),
    if_primary_term: Number(fieldOf(found, "_primary_term")),
  };
  return updateItem(container, event.id, document, seen, JSON.stringify({ doc: { tagsmith } }));
}

function conflictError(): SearchError {
  const message = `Events keep changing while their labels are written into them; tried ${maxRounds} times.`;
  return new SearchError({ code: "siem_unavailable", remedy: "retry" }, message);
}
