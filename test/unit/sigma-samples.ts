import type { FieldItem, Item, Rule, SigmaDocument, Value } from "../../src/sigma/index.ts";
import { type Parsed, parse } from "../../src/sigma/index.ts";

/** A rule with this detection section (YAML, indented by two). */
export function ruleText(detection: string, more = ""): string {
  return `title: Sample\nlogsource: {product: linux}\n${more}detection:\n${detection}`;
}

/** The one document of a text; fails with its problems when it is refused. */
export function only(text: string): SigmaDocument {
  const { documents, problems } = parse(text);
  const [first] = documents;
  if (first === undefined || documents.length > 1) throw new Error(JSON.stringify(problems, null, 1));
  return first.document;
}

/** The one rule of a text. */
export function onlyRule(text: string): Rule {
  const document = only(text);
  if (document.kind !== "rule") throw new Error(`a ${document.kind}`);
  return document;
}

/** The one item of a rule whose selection has one item: `field|modifiers: value`. */
export function itemOf(line: string): FieldItem | Item {
  const rule = onlyRule(ruleText(`  selection:\n    ${line}\n  condition: selection\n`));
  const [member] = rule.detections.get("selection")?.members ?? [];
  if (member === undefined || member.kind === "detection") throw new Error("no item");
  return member;
}

/** The values of `field|modifiers: value`. */
export function valuesOf(line: string): readonly Value[] {
  return itemOf(line).values;
}

/** Codes, lines and columns of what is wrong with a text. */
export function places(parsed: Pick<Parsed, "problems">): string[] {
  return parsed.problems.map(({ code, line, column }) => `${code} ${line}:${column}`);
}
