import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { z } from "zod";
import { TagsmithError } from "../../event/tagsmith-error.ts";

const text = z.string().min(1).max(200);
const texts = z.array(text).default([]);
/** The inside of a character class; nothing that could end it. */
const chars = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9_.~+/=:%&@ -]+$/, { error: "letters, digits, ranges such as a-z, and _.~+/=:%&@- only" });

const rulesSchema = z.strictObject({
  version: z.literal(1),
  words: z.array(z.string().regex(/^[a-z]{3,40}$/)).min(1),
  except: texts,
  except_in_full: texts,
  plain_values: texts,
  references: texts,
  schemes: texts,
  phrases: texts,
  full_names: z.array(z.strictObject({ name: text, min: z.int().min(1) })).default([]),
  tokens: z
    .array(
      z.strictObject({
        name: text,
        begins: z.array(text).min(1),
        chars,
        min: z.int().min(1),
        holds: text.optional(),
      }),
    )
    .default([]),
  blocks: z.array(z.strictObject({ begins: text, must_hold: text, ends: text, tail: text })).default([]),
  options: z
    .array(
      z.strictObject({
        programs: z.array(text).min(1),
        needs: text.optional(),
        attached: texts,
        separate: texts,
        pair: z.array(z.string()).default([]),
        separator: text.default(":"),
        keep_to: text.optional(),
        position: text.optional(),
      }),
    )
    .default([]),
  piped_into: texts,
});

/** What counts as a secret in a text: `schema/redaction.yaml`. */
export type RedactionRules = z.infer<typeof rulesSchema>;

/** Reads and checks a file of redaction rules; throws `redaction_rules_invalid` with file and path. */
export function loadRedactionRules(path: string): RedactionRules {
  try {
    const document = parseDocument(readFileSync(path, "utf8"), { uniqueKeys: true });
    const [broken] = document.errors;
    if (broken !== undefined) throw broken;
    return rulesSchema.parse(document.toJS({ maxAliasCount: 100 }));
  } catch (cause) {
    const reason =
      cause instanceof z.ZodError
        ? cause.issues.map((issue) => `${issue.path.map(String).join(".")}: ${issue.message}`).join("; ")
        : String(cause instanceof Error ? cause.message : cause);
    throw new TagsmithError("redaction_rules_invalid", `${path}: ${reason}`, "exit", cause);
  }
}
