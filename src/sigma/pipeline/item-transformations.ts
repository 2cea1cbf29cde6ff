import type { Detection, FieldItem, Item, StringValue, Value } from "../ast.ts";
import { writeUnescaped } from "./item-conditions.ts";
import { mapItems } from "./map-items.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { TransformationFault } from "./pipeline-run.ts";
import type { SimpleItem } from "./pipeline-schema.ts";
import type { Setting, Transformation } from "./transformation.ts";
import { string } from "./value-transformations.ts";

type ItemOf<Type extends SimpleItem["type"]> = SimpleItem & { readonly type: Type };

/** `drop_detection_item`: takes items out; what held nothing else goes too. */
export function dropItems({ id, guard }: Setting): Transformation {
  return (subject, run) =>
    subject.kind === "rule" ? mapItems(subject, id, (item) => (guard.item(item, run) ? "drop" : "keep")) : subject;
}

/** `detection_item_failure`: refuses a rule that has such an item. */
export function refuseItems(message: string, { guard, id }: Setting): Transformation {
  return (subject, run) => {
    if (subject.kind === "correlation") return subject;
    return mapItems(subject, id, (item) => {
      if (guard.item(item, run)) throw new TransformationFault(message);
      return "keep";
    });
  };
}

/** `hashes_fields`: `Hashes: "MD5=…"` becomes a field for each algorithm. */
export function splitHashes(item: ItemOf<"hashes_fields">, { id, guard }: Setting): Transformation {
  const change = (one: Item): Detection | "keep" => {
    if (one.kind === "keyword" || !item.field_to_parse.includes(one.field)) return "keep";
    const texts = stringsOf(one);
    return texts === undefined ? "keep" : hashFields(texts.map(writeUnescaped), one, item);
  };
  return (subject, run) =>
    subject.kind === "rule" ? mapItems(subject, id, (one) => (guard.item(one, run) ? change(one) : "keep")) : subject;
}

const hashLengths: ReadonlyMap<number, string> = new Map([
  [32, "MD5"],
  [40, "SHA1"],
  [64, "SHA256"],
  [128, "SHA512"],
]);

function hashFields(texts: readonly string[], source: FieldItem, item: ItemOf<"hashes_fields">): Detection {
  const byField = new Map<string, StringValue[]>();
  for (const text of texts) {
    const [algorithm, hash] = readHash(text);
    if (!item.valid_hash_algos.includes(algorithm)) continue;
    const field = item.field_prefix + (item.drop_algo_prefix ? "" : algorithm);
    byField.set(field, [...(byField.get(field) ?? []), string(hash)]);
  }
  if (byField.size === 0)
    throw new TransformationFault(`No hash of ${item.valid_hash_algos.join(", ")} is in ${source.field}.`);
  const members = [...byField].map(([field, values]) => fieldItem(field, values, source));
  return { kind: "detection", linking: source.negated ? "all" : "any", members };
}

function readHash(text: string): readonly [algorithm: string, hash: string] {
  const parts = text.split(text.includes("|") ? "|" : "=");
  const [first = "", second] = parts;
  if (parts.length === 2 && second !== undefined)
    return [first.replace(/^\*+/, "").toUpperCase(), trimWildcards(second)];
  const hash = trimWildcards(first);
  return [hashLengths.get(hash.length) ?? "", hash];
}

function trimWildcards(text: string): string {
  return text.replace(/^[*?]+|[*?]+$/g, "");
}

function fieldItem(field: string, values: readonly Value[], source: Item): FieldItem {
  const { negated } = source;
  return { kind: "field", field, modifiers: [], values, linking: "any", negated, written: [] };
}

function stringsOf(item: Item): StringValue[] | undefined {
  const strings = item.values.filter((value) => value.kind === "string");
  return strings.length === item.values.length ? strings : undefined;
}

/** `extract_fields`: named groups of a regular expression become fields of their own. */
export function extractFields(item: ItemOf<"extract_fields">, { id, guard }: Setting): Transformation {
  const pattern = compilePattern(item.regex);
  if (pattern.groupNames.length === 0)
    throw new TransformationFault("extract_fields needs a group with a name: (?P<name>…).");
  return (subject, run) => {
    if (subject.kind === "correlation") return subject;
    return mapItems(subject, id, (one) => (guard.item(one, run) ? extract(one, pattern, item) : "keep"));
  };
}

function extract(source: Item, pattern: Pattern, item: ItemOf<"extract_fields">): Detection | Item | "keep" {
  const texts = stringsOf(source);
  if (texts === undefined) return "keep";
  const members = texts.flatMap((value): readonly (Detection | Item)[] => {
    const groups = pattern.groups(writeUnescaped(value));
    if (groups === undefined) return item.preserve_unmatched ? [{ ...source, modifiers: [], values: [value] }] : [];
    const items = [...groups].flatMap(([name, text]) => {
      const field = item.field_prefix === undefined ? name : `${item.field_prefix}.${name}`;
      return text === "" ? [] : [fieldItem(field, [typedValue(text)], source)];
    });
    return items.length === 0 ? [] : [{ kind: "detection", linking: "all", members: items }];
  });
  const [first] = members;
  if (first === undefined) return "keep";
  return members.length === 1 ? first : { kind: "detection", linking: source.linking, members };
}

/** Numbers and nulls in texts; a leading zero is kept, as it means something. */
function typedValue(text: string): Value {
  if (/^(?:null|none)$/i.test(text)) return { kind: "null" };
  if (text !== "0" && text.startsWith("0")) return string(text);
  return /^[-+]?(?:\d+\.?\d*|\.\d+)$/.test(text) ? { kind: "number", value: Number(text) } : string(text);
}
