import { z } from "zod";
import type { BulkResult } from "./bulk-item.ts";
import { answerFault, errorOfAnswer } from "./classify-error.ts";
import type { SearchError } from "./search-error.ts";

const itemSchema = z.looseObject({ status: z.int(), _index: z.string().optional(), error: z.unknown().optional() });
const answerSchema = z.looseObject({ items: z.array(z.record(z.string(), itemSchema)) });

type AnswerItem = z.infer<typeof itemSchema>;

/** An item's result, or the error that stands in the way of it. */
export type ItemOutcome = BulkResult | { readonly kind: "failed"; readonly error: SearchError };

/** What the answer to a bulk request of `count` items says of each; throws `siem_answer_invalid` when it does not. */
export function readBulkAnswer(target: string, body: unknown, count: number): readonly ItemOutcome[] {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) throw answerFault(target, "the answer does not say what became of the documents");
  const { items } = parsed.data;
  if (items.length !== count) {
    throw answerFault(target, `the answer is about ${items.length} documents, ${count} were sent`);
  }
  return items.map((item) => {
    const [[operation, result] = []] = Object.entries(item);
    return outcomeOf(target, operation, result);
  });
}

function outcomeOf(target: string, operation: string | undefined, item: AnswerItem | undefined): ItemOutcome {
  if (item === undefined) throw answerFault(target, "the answer says nothing about a document");
  const { status, _index: index = "", error } = item;
  if (status < 300) return { kind: "written", index };
  if (status === 409) return { kind: "known" };
  const fault = errorOfAnswer(target, status, { error }, {});
  // The document is at fault, not the request: the server takes the others.
  if (status === 400 || status === 413) return { kind: "refused", code: fault.code, reason: fault.message };
  // An event that is gone, or whose index is closed for writing, stays as it is.
  if (operation === "update" && (status === 404 || isClosedForWriting(fault.message))) {
    return { kind: "refused", code: fault.code, reason: fault.message };
  }
  return { kind: "failed", error: fault };
}

/** Blocks by the setting `index.blocks.write` and its kin; the block of a full disk is another one, and goes by itself. */
function isClosedForWriting(reason: string): boolean {
  return /FORBIDDEN\/(5|8)\//.test(reason);
}
