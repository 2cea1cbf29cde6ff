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
  return items.map((item) => outcomeOf(target, Object.values(item)[0]));
}

function outcomeOf(target: string, item: AnswerItem | undefined): ItemOutcome {
  if (item === undefined) throw answerFault(target, "the answer says nothing about a document");
  const { status, _index: index = "", error } = item;
  if (status < 300) return { kind: "written", index };
  if (status === 409) return { kind: "known" };
  const fault = errorOfAnswer(target, status, { error }, {});
  // The document is at fault, not the request: the server takes the others.
  if (status === 400 || status === 413) return { kind: "refused", code: fault.code, reason: fault.message };
  return { kind: "failed", error: fault };
}
