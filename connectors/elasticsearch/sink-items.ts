import { createHash } from "node:crypto";
import type { Alert, DeadLetter, LabelledEvent, Output, SinkContext, Verdict } from "#sdk";
import { type BulkItem, type BulkResult, createItem, versionedItem } from "./bulk-item.ts";
import { alertDocument } from "./sink-alert.ts";
import type { Unwritable } from "./sink-enrich.ts";
import { compileLabelDocument } from "./sink-label.ts";
import { deadLetterDocument, verdictDocument } from "./sink-outcome.ts";
import type { StreamNames } from "./sink-streams.ts";
import { documentId } from "./sink-text.ts";

/** So many documents are in memory as text at a time: the end of an input may close any number of sessions at once. */
const maxItems = 5_000;

/** Turns outputs into items. */
export interface ItemMaker {
  /** Makes the items of the labels of `output` before it is their turn. */
  prepare(output: Output, nowMs: number): void;
  /**
   * Some at a time: labels, alerts and dead letters to be written once, verdicts over what they were. `version` orders the
   * verdicts of all outputs of a sink.
   */
  make(output: Output, version: number, nowMs: number): Iterable<readonly BulkItem[]>;
}

export function compileItems(names: StreamNames, context: SinkContext): ItemMaker {
  const prepared = new WeakMap<Output, readonly BulkItem[]>();
  const labelDocument = compileLabelDocument(context);
  const labelItem = (labelled: LabelledEvent, nowMs: number): BulkItem => {
    const { id } = labelled.event;
    return createItem(names.labels, id, documentId(id), labelDocument(labelled, nowMs));
  };
  const verdictItem = (verdict: Verdict, version: number, nowMs: number): BulkItem => {
    const document = verdictDocument(verdict, context, nowMs);
    return versionedItem(names.verdicts, verdict.id, documentId(verdict.id), version, document);
  };
  const alertItem = (alert: Alert, nowMs: number): BulkItem =>
    createItem(names.alerts, alert.id, documentId(alert.id), alertDocument(alert, context, nowMs));
  const make: ItemMaker["make"] = (output, version, nowMs) => {
    // Of several verdicts of one session the last counts.
    const verdicts = new Map(output.verdicts.map((verdict) => [verdict.id, verdict]));
    const items = function* (): Generator<BulkItem> {
      const ready = prepared.get(output);
      if (ready === undefined) for (const labelled of output.labels) yield labelItem(labelled, nowMs);
      else yield* ready;
      for (const verdict of verdicts.values()) yield verdictItem(verdict, version, nowMs);
      for (const alert of output.alerts ?? []) yield alertItem(alert, nowMs);
      for (const letter of output.deadLetters) yield deadLetterItem(letter, names, nowMs);
    };
    return inParts(items());
  };
  const prepare: ItemMaker["prepare"] = (output, nowMs) => {
    if (output.labels.length > maxItems) return;
    prepared.set(
      output,
      output.labels.map((labelled) => labelItem(labelled, nowMs)),
    );
  };
  return { prepare, make };
}

function* inParts(items: Iterable<BulkItem>): Generator<readonly BulkItem[]> {
  let part: BulkItem[] = [];
  for (const item of items) {
    part.push(item);
    if (part.length < maxItems) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

export function deadLetterItem(letter: DeadLetter, names: StreamNames, nowMs: number): BulkItem {
  return createItem(names.deadletters, letter.id, documentId(letter.id), deadLetterDocument(letter, nowMs));
}

/** The one dead letter about an index whose events cannot be changed. */
export function unwritableLetter({ index, reason }: Unwritable): DeadLetter {
  return {
    id: createHash("sha256").update(`enrich\0${index}`).digest("hex").slice(0, 32),
    code: "sink_source_read_only",
    reason: `Events of ${index} stay as they are; their labels are in our own stream only. ${reason}`,
    source: "tagsmith",
    container: index,
    document: "*",
    excerpt: "",
  };
}

const maxExcerptChars = 2_000;

/** The dead letter of a document that the server refuses for good. */
export function refusalLetter(item: BulkItem, { reason }: BulkResult & { readonly kind: "refused" }): DeadLetter {
  return {
    id: createHash("sha256").update(`${item.index}\0${item.documentId}`).digest("hex").slice(0, 32),
    code: "sink_document_refused",
    reason,
    source: "tagsmith",
    container: item.index,
    document: item.id,
    excerpt: item.source.slice(0, maxExcerptChars),
  };
}
