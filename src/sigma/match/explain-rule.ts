import type { Document } from "../../sdk/document.ts";
import type { Detection, Item, Rule, StringPart, Value } from "../ast.ts";
import { eventScalars, fieldValues } from "./field-values.ts";
import { interpretItem, interpretRule } from "./interpret-rule.ts";
import { type EventScalar, textOf } from "./scalar.ts";
import { compileFieldTest, compileKeywordTest } from "./value-test.ts";

/** Why a rule matches an event, or does not. */
export interface RuleExplanation {
  readonly matches: boolean;
  readonly selections: readonly SelectionExplanation[];
}

interface SelectionExplanation {
  readonly name: string;
  readonly matches: boolean;
  readonly items: readonly ItemExplanation[];
}

interface ItemExplanation {
  /** Undefined for keywords. */
  readonly field: string | undefined;
  readonly modifiers: readonly string[];
  readonly matches: boolean;
  /** The values of the rule that match, written as in a rule. */
  readonly matched: readonly string[];
  /** What the event has: the field's values, or the leaves with a keyword in them; cut where there are many. */
  readonly found: readonly string[];
  /** The field is not in the event. */
  readonly missing: boolean;
}

const maxFound = 10;
const maxTextLength = 500;

/** Says for every selection and item whether it holds for an event, and by which value. Throws `sigma_unmatchable` as matching does. */
export function explainRule(rule: Rule, event: Document): RuleExplanation {
  const selections = [...rule.detections].map(([name, detection]) => explainSelection(name, detection, event));
  return { matches: interpretRule(rule, event), selections };
}

function explainSelection(name: string, detection: Detection, event: Document): SelectionExplanation {
  const { matches, items } = explainDetection(detection, event);
  return { name, matches, items };
}

function explainDetection(detection: Detection, event: Document): Omit<SelectionExplanation, "name"> {
  const parts = detection.members.map((member) => {
    if (member.kind === "detection") return explainDetection(member, event);
    const item = explainItem(member, event);
    return { matches: item.matches, items: [item] };
  });
  const matches =
    detection.linking === "all" ? parts.every((part) => part.matches) : parts.some((part) => part.matches);
  return { matches, items: parts.flatMap((part) => part.items) };
}

function explainItem(item: Item, event: Document): ItemExplanation {
  const { modifiers } = item;
  const matches = interpretItem(item, event);
  if (item.kind === "keyword") {
    const tests = item.values.map((value) => ({ value, test: compileKeywordTest(value) }));
    const leaves = eventScalars(event);
    const matched = tests.filter(({ test }) => leaves.some(test)).map(({ value }) => writeValue(value));
    const found = leaves.filter((leaf) => tests.some(({ test }) => test(leaf)));
    return { field: undefined, modifiers, matches, matched, found: shown(found), missing: false };
  }
  const values = fieldValues(event, item.field);
  const read = (field: string): ReturnType<typeof fieldValues> => fieldValues(event, field);
  const matched = item.values.filter((value) => compileFieldTest(value)(values, read)).map(writeValue);
  return { field: item.field, modifiers, matches, matched, found: shown(values.scalars), missing: !values.present };
}

function shown(scalars: readonly EventScalar[]): readonly string[] {
  return scalars.slice(0, maxFound).map((scalar) => {
    const text = textOf(scalar);
    return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text;
  });
}

/** A value as a rule would write it. */
function writeValue(value: Value): string {
  switch (value.kind) {
    case "string":
      return value.parts.map(writePart).join("");
    case "number":
    case "boolean":
      return String(value.value);
    case "null":
      return "null";
    case "regex":
      return `/${value.parts.map((part) => (typeof part === "string" ? part : `%${part.name}%`)).join("")}/${[...value.flags].join("")}`;
    case "cidr":
      return value.network;
    case "compare":
      return `${value.op} ${value.value}`;
    case "exists":
      return value.exists ? "exists" : "does not exist";
    case "fieldref":
      return `${value.match} ${value.field}`;
    case "timepart":
      return `${value.part} ${value.op} ${value.value}`;
    case "query":
      return value.query;
    case "expansion":
      return value.values.map(writeValue).join(" | ");
  }
}

function writePart(part: StringPart): string {
  if (typeof part === "string") return part.replaceAll(/[*?]/g, "\\$&");
  if (part.kind === "placeholder") return `%${part.name}%`;
  return part.kind === "any" ? "*" : "?";
}
