import type { Value } from "../ast.ts";
import type { FieldLeaf, Leaf } from "./expression.ts";
import { notConvertible } from "./not-convertible.ts";
import type { TextLanguage } from "./text-language.ts";
import { writeList } from "./text-language.ts";
import { networkAddress } from "./write-network.ts";
import { hasWildcard, regexText, writeParts } from "./write-string.ts";

const special = '+-=&|!(){}[]<>^"~*?:\\/';
const term = { escape: "\\", escaped: `${special} `, any: "*", one: "?" };
const phrase = { ...term, escaped: special };
const comparison = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/** Lucene query_string as pySigma's Elasticsearch backend 2.1 writes it. */
export const compatLucene: TextLanguage = {
  and: "AND",
  or: "OR",
  not: "NOT",
  order: ["not", "or", "and"],
  alwaysGroup: true,
  leaf: writeLeaf,
  list: (field, values) => {
    if (!values.every((value) => value.kind === "string" || value.kind === "number")) return undefined;
    return `${fieldName(field)}:(${values.map(writeScalar).join(" OR ")})`;
  },
  nullTest: { negated: (leaf) => `_exists_:${leaf.field}` },
};

function writeLeaf(leaf: Leaf): string {
  return leaf.kind === "field" ? writeField(leaf) : writeKeyword(leaf.value);
}

function writeField({ field, value }: FieldLeaf): string {
  const name = fieldName(field);
  switch (value.kind) {
    case "string":
      if (value.cased) throw notConvertible("Lucene cannot compare with case.");
      return `${name}:${writeScalar(value)}`;
    case "number":
    case "boolean":
      return `${name}:${String(value.value)}`;
    case "null":
      return `NOT _exists_:${name}`;
    case "exists":
      return value.exists ? `_exists_:${name}` : `NOT _exists_:${name}`;
    case "regex":
      return `${name}:/${regexText(value, (text) => text.replaceAll("/", "\\/"))}/`;
    case "cidr":
      return `${field}:${networkAddress(value).replaceAll(":", "\\:")}\\/${value.prefix}`;
    case "compare":
      return `${name}:${comparison[value.op]}${value.value}`;
    case "query":
      return value.query.replaceAll("{field}", name).replaceAll("{id}", value.id);
    case "expansion":
      return writeExpansion(field, value.values);
    default:
      throw notConvertible(`Lucene has no ${value.kind}.`);
  }
}

function writeExpansion(field: string, values: readonly Value[]): string {
  const leaves = values.map((value): Leaf => ({ kind: "field", field, value }));
  const list = writeList(leaves, compatLucene);
  if (list === undefined) throw notConvertible("Only strings and numbers can be listed.");
  return list;
}

function writeKeyword(value: Value): string {
  if (value.kind === "string") return `*${plainTerm(value)}*`;
  if (value.kind === "number") return String(value.value);
  throw notConvertible(`A keyword cannot be a ${value.kind}.`);
}

function writeScalar(value: Value): string {
  if (value.kind === "number") return String(value.value);
  if (value.kind !== "string") throw notConvertible(`A list cannot hold a ${value.kind}.`);
  const isPhrase =
    !hasWildcard(value.parts) && value.parts.some((part) => typeof part === "string" && part.includes(" "));
  return isPhrase ? `"${writeParts(value.parts, phrase)}"` : plainTerm(value);
}

function plainTerm(value: Extract<Value, { kind: "string" }>): string {
  const text = writeParts(value.parts, term);
  return text === "" || text === "\n" ? `"${text}"` : text;
}

function fieldName(field: string): string {
  return field.replaceAll(/[\s*]/g, "\\$&");
}
