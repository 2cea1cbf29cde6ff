import { createHash } from "node:crypto";
import type { DeadLetter, Output, SinkContext } from "#sdk";
import { type BulkItem, type BulkResult, createItem, versionedItem } from "./bulk-item.ts";
import type { Unwritable } from "./sink-enrich.ts";
import { compileLabelDocument } from "./sink-label.ts";
import { deadLetterDocument, verdictDocument } from "./sink-outcome.ts";
import type { StreamNames } from "./sink-streams.ts";
import { documentId } from "./sink-text.ts";

/** An output as what is written: labels and dead letters once, verdicts over what they were. */
export interface SinkItems {
  readonly labels: readonly BulkItem[];
  readonly verdicts: readonly BulkItem[];
  readonly deadLetters: readonly BulkItem[];
}

/** Makes the function that turns outputs into items; `version` orders the verdicts of all outputs of a sink. */
export function compileItems(
  names: StreamNames,
  context: SinkContext,
): (output: Output, version: number, nowMs: number) => SinkItems {
  const labelDocument = compileLabelDocument(context);
  return (output, version, nowMs) => ({
    labels: output.labels.map((labelled) => {
      const { id } = labelled.event;
      return createItem(names.labels, id, documentId(id), labelDocument(labelled, nowMs));
    }),
    // Of several verdicts of one session the last counts.
    verdicts: [...new Map(output.verdicts.map((verdict) => [verdict.id, verdict])).values()].map((verdict) => {
      const { id } = verdict;
      return versionedItem(names.verdicts, id, documentId(id), version, verdictDocument(verdict, context, nowMs));
    }),
    deadLetters: output.deadLetters.map((letter) => deadLetterItem(letter, names, nowMs)),
  });
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
