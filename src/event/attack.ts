import { readFileSync } from "node:fs";
import { z } from "zod";
import { TagsmithError } from "./tagsmith-error.ts";

const techniqueId = z.string().regex(/^T\d{4}(\.\d{3})?$/);
const tacticId = z.string().regex(/^TA\d{4}$/);

const attackSchema = z
  .strictObject({
    framework: z.literal("MITRE ATT&CK"),
    tactics: z.record(tacticId, z.string()),
    techniques: z.record(techniqueId, z.strictObject({ name: z.string(), tactics: z.array(tacticId).min(1) })),
    tags: z.record(z.string(), z.array(techniqueId).min(1)),
  })
  .check(({ value, issues }) => {
    for (const [tag, ids] of Object.entries(value.tags)) {
      for (const id of ids) {
        if (value.techniques[id] === undefined)
          issues.push({ code: "custom", message: `${id} has no name`, input: id, path: ["tags", tag] });
      }
    }
    for (const [id, { tactics }] of Object.entries(value.techniques)) {
      for (const tactic of tactics) {
        if (value.tactics[tactic] === undefined)
          issues.push({ code: "custom", message: `${tactic} has no name`, input: tactic, path: ["techniques", id] });
      }
    }
  });

/** A MITRE ATT&CK technique or sub-technique, with the tactics it serves. */
export interface Technique {
  /** `T1059` or `T1059.004` */
  readonly id: string;
  readonly name: string;
  readonly tactics: readonly { readonly id: string; readonly name: string }[];
}

/** ATT&CK techniques by tag; only tags that always are that technique have any. */
export type TechniquesByTag = ReadonlyMap<string, readonly Technique[]>;

/** Reads and checks `schema/attack.json`; throws `vocabulary_invalid` with file and path. */
export function loadAttack(path: string): TechniquesByTag {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new TagsmithError("vocabulary_invalid", `${path}: cannot be read as JSON: ${String(cause)}`, "exit", cause);
  }
  const parsed = attackSchema.safeParse(value);
  if (!parsed.success) {
    throw new TagsmithError("vocabulary_invalid", `${path}: ${z.prettifyError(parsed.error)}`, "exit", parsed.error);
  }
  const { techniques, tactics, tags } = parsed.data;
  const techniqueOf = (id: string): Technique => {
    const known = techniques[id];
    const serves = (known?.tactics ?? []).map((tactic) => ({ id: tactic, name: tactics[tactic] ?? "" }));
    return { id, name: known?.name ?? "", tactics: serves };
  };
  return new Map(Object.entries(tags).map(([tag, ids]) => [tag, ids.map(techniqueOf)]));
}
