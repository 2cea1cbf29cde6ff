import type { Scalar, StringValue, Value } from "../ast.ts";
import { parsePattern } from "../parse/string-pattern.ts";
import { writeUnescaped } from "./item-conditions.ts";
import { mapStrings, mapValues } from "./map-values.ts";
import { compilePattern } from "./pattern.ts";
import { TransformationFault } from "./pipeline-run.ts";
import type { SimpleItem } from "./pipeline-schema.ts";
import { replaceInString } from "./replace-in-string.ts";
import { snakeCase } from "./snake-case.ts";
import type { Setting, Transformation } from "./transformation.ts";

type ItemOf<Type extends SimpleItem["type"]> = SimpleItem & { readonly type: Type };

/** `replace_string`: a regular expression and what to put in place of its matches. Numbers become text. */
export function replaceStrings(item: ItemOf<"replace_string">, setting: Setting): Transformation {
  const pattern = compilePattern(item.regex);
  const options = { skipSpecial: item.skip_special, interpretSpecial: item.interpret_special };
  return mapValues((value) => {
    const text = value.kind === "number" ? string(String(value.value)) : value;
    return text.kind === "string" ? replaceInString(text, pattern, item.replacement, options) : undefined;
  }, setting);
}

/** `map_string`: a table of whole strings, as they are written. */
export function mapWholeStrings(item: ItemOf<"map_string">, setting: Setting): Transformation {
  const table = new Map(Object.entries(item.mapping).map(([text, targets]) => [text, [targets].flat().map(string)]));
  return mapStrings((value) => table.get(writeUnescaped(value)), setting);
}

/** `regex`: strings become regular expressions that match the same. */
export function stringsToRegex(item: ItemOf<"regex">, setting: Setting): Transformation {
  const brackets = item.method === "ignore_case_brackets";
  const flags = new Set(item.method === "ignore_case_flag" ? (["i"] as const) : []);
  return mapStrings((value) => {
    if (value.parts.length === 0) return undefined;
    const parts = value.parts.map((part) => {
      if (typeof part === "string") return brackets ? bracketCase(part) : escapeRegex(part);
      if (part.kind !== "placeholder") return part.kind === "any" ? ".*" : ".";
      throw new TransformationFault(
        `The placeholder ${part.name} must be filled before strings become regular expressions.`,
      );
    });
    return { kind: "regex", parts: [parts.join("")], flags };
  }, setting);
}

function escapeRegex(text: string): string {
  return text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, "\\$&");
}

function bracketCase(text: string): string {
  return text.replace(/\p{L}|[^\p{L}]+/gu, (run) =>
    /\p{L}/u.test(run) ? `[${run.toLowerCase()}${run.toUpperCase()}]` : escapeRegex(run),
  );
}

/** `set_value`: every value becomes one and the same. */
export function setValues({ value, force_type }: ItemOf<"set_value">, setting: Setting): Transformation {
  const set =
    force_type === "str" ? string(String(value)) : force_type === "num" ? toNumber(String(value)) : plainValue(value);
  if (set === undefined) throw new TransformationFault(`${JSON.stringify(value)} is no number.`);
  return mapValues(() => set, setting);
}

/** `convert_type`: numbers become text, or texts numbers. */
export function convertTypes({ target_type }: ItemOf<"convert_type">, setting: Setting): Transformation {
  if (target_type === "str")
    return mapValues((value) => (value.kind === "number" ? string(String(value.value)) : undefined), setting);
  return mapStrings((value) => {
    const text = writeUnescaped(value);
    const number = toNumber(text);
    if (number !== undefined) return number;
    throw new TransformationFault(`${JSON.stringify(text)} is no number.`);
  }, setting);
}

/** `case`: strings in small or capital letters, or in snake case. */
export function changeCase({ method }: ItemOf<"case">, setting: Setting): Transformation {
  const changes = {
    lower: (text: string): string => text.toLowerCase(),
    upper: (text: string): string => text.toUpperCase(),
    snake_case: snakeCase,
  } as const;
  const change = changes[method];
  return mapStrings(
    (value) => ({ ...value, parts: value.parts.map((part) => (typeof part === "string" ? change(part) : part)) }),
    setting,
  );
}

/** A text of a pipeline as a value: with wildcards and escapes. */
export function string(text: string): StringValue {
  return { kind: "string", parts: parsePattern(text), cased: false };
}

/** A plain value of a pipeline as a value of a rule. */
function plainValue(value: Scalar): Value {
  switch (typeof value) {
    case "string":
      return string(value);
    case "number":
      return { kind: "number", value };
    case "boolean":
      return { kind: "boolean", value };
    default:
      return { kind: "null" };
  }
}

function toNumber(text: string): Value | undefined {
  const value = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? { kind: "number", value } : undefined;
}
