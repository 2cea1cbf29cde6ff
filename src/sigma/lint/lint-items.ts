import type { Detections, Item, Scalar } from "../ast.ts";
import type { PathKey } from "../problem.ts";
import { itemsOf } from "./items-of.ts";
import type { LintFinding } from "./lint-document.ts";
import { lintWritten } from "./lint-written.ts";
import { found, info, repeated, warning } from "./notes.ts";

const checks = {
  allAlone: warning("all_with_one_value", "Leave all out, or list several values."),
  allEqual: warning(
    "all_of_different_values",
    "A field equals one value: add contains, startswith or endswith, or leave all out.",
  ),
  offsetAlone: warning(
    "base64offset_without_contains",
    "Write base64offset|contains: the text stands inside a longer one.",
  ),
  base64Alone: info(
    "base64_without_contains",
    "Write base64offset|contains if the text may stand inside a longer one.",
  ),
  wideAlone: warning("utf16_without_base64", "Put base64 or base64offset behind it, unless the log shows zero bytes."),
  twice: warning("modifier_repeated", "Write each modifier once."),
  valueTwice: info("value_repeated", "Keep one: values are compared whatever their case."),
  fieldSpace: warning("field_with_space", "Field names have no spaces around them."),
  dashes: info("windash_without_dash", "Leave windash out: no value has a dash before a word."),
  placeholder: info("placeholder_without_expand", "Add the modifier expand if a pipeline shall fill it."),
};

/** Fields, modifiers and values of all selections. */
export function lintItems(
  document: { readonly detections: Detections },
  section: "detection" | "filter",
): LintFinding[] {
  return itemsOf(document, section).flatMap(({ item, path }) => [
    ...lintModifiers(item, path),
    ...lintRepeated(item, path),
    ...lintField(item, path),
    ...item.written.flatMap((value, index) => lintWritten(item, value, valuePath(item, path, index))),
  ]);
}

function valuePath(item: Item, path: readonly PathKey[], index: number): readonly PathKey[] {
  return item.written.length === 1 ? path : [...path, index];
}

function lintModifiers({ modifiers, written, values }: Item, path: readonly PathKey[]): LintFinding[] {
  const has = (...names: readonly string[]): boolean => names.some((name) => modifiers.includes(name));
  const open = has("contains", "startswith", "endswith", "re", "cidr", "fieldref", "expand");
  const wildcards = written.some((value) => typeof value === "string" && /[*?]/.test(value));
  const wide = has("wide", "utf16", "utf16le", "utf16be");
  const all = has("all");
  const oneForm = values.every((value) => value.kind !== "expansion" || value.values.length === 1);
  return [
    ...found(all && written.length === 1, checks.allAlone, "all stands with one value.", path),
    ...found(
      all && written.length > 1 && !open && !wildcards && path.at(-1) !== "|all",
      checks.allEqual,
      "No field equals all of the values.",
      path,
    ),
    ...found(
      has("base64offset") && !has("contains"),
      checks.offsetAlone,
      "base64offset stands without contains.",
      path,
    ),
    ...found(
      has("base64") && !has("contains", "startswith", "endswith"),
      checks.base64Alone,
      "base64 compares the whole field.",
      path,
    ),
    ...found(
      wide && !has("base64", "base64offset"),
      checks.wideAlone,
      "The text is compared with zero bytes in it.",
      path,
    ),
    ...found(
      repeated(modifiers, String).some((index) => modifiers[index] !== "base64"),
      checks.twice,
      "A modifier stands twice.",
      path,
    ),
    ...found(has("windash") && oneForm, checks.dashes, "windash changes nothing here.", path),
  ];
}

function lintRepeated({ modifiers, written }: Item, path: readonly PathKey[]): LintFinding[] {
  const exact = modifiers.some((name) => /^(?:cased|re|base64|base64offset|wide|utf16.*)$/.test(name));
  const key = (value: Scalar): string => `${typeof value}:${exact ? value : String(value).toLowerCase()}`;
  return repeated(written, key).flatMap((index) =>
    found(true, checks.valueTwice, "The value stands here twice.", [...path, index]),
  );
}

function lintField(item: Item, path: readonly PathKey[]): LintFinding[] {
  if (item.kind === "keyword") return [];
  const odd = item.field !== item.field.trim() || /\s\s/.test(item.field);
  const literal = item.written.some((value) => typeof value === "string" && /^%[a-z_]+%$/.test(value));
  return [
    ...found(odd, checks.fieldSpace, `The field ${JSON.stringify(item.field)} has stray spaces.`, path),
    ...found(
      literal && !item.modifiers.includes("expand"),
      checks.placeholder,
      "A value looks like a placeholder.",
      path,
    ),
  ];
}
