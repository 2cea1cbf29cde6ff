import { isIP } from "node:net";
import type { StringValue, Value } from "../ast.ts";
import type { FieldLeaf, Leaf } from "./expression.ts";
import { notConvertible } from "./not-convertible.ts";
import { type TextLanguage, writeList } from "./text-language.ts";
import { writeNetwork } from "./write-network.ts";
import { regexText, writeParts } from "./write-string.ts";

const style = { escape: "\\", escaped: '"\n\r\t\\*?', any: "*", one: "?" };
const comparison = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/** EQL as pySigma's Elasticsearch backend 2.1 writes it. */
export const compatEql: TextLanguage = {
  and: "and",
  or: "or",
  not: "not",
  order: ["not", "or", "and"],
  alwaysGroup: true,
  leaf: (leaf) => (leaf.kind === "field" ? writeField(leaf) : writeKeyword(leaf.value)),
  list: (field, values) => {
    if (!values.every((value) => value.kind === "string" || value.kind === "number")) return undefined;
    return `${fieldName(field)} like~ (${values.map(writeScalar).join(", ")})`;
  },
  nullTest: { negated: (leaf) => `?${leaf.field} != null` },
};

function writeField({ field, value }: FieldLeaf): string {
  const name = fieldName(field);
  switch (value.kind) {
    case "string":
      if (value.cased) return `${name} == ${writeScalar(value)}`;
      return `${name}${isPlain(value) ? "==" : ":"}${writeScalar(value)}`;
    case "number":
    case "boolean":
      return `${name}:${String(value.value)}`;
    case "null":
      return `?${name} == null`;
    case "regex":
      return `${name} regex~ "${regexText(value, (text) => text.replaceAll(/[/\\]/g, "\\$&"))}"`;
    case "cidr":
      return `cidrMatch(${field}, "${writeNetwork(value)}")`;
    case "compare":
      return `${name} ${comparison[value.op]} ${value.value}`;
    case "query":
      return value.query.replaceAll("{field}", name).replaceAll("{id}", value.id);
    case "expansion":
      return writeExpansion(field, value.values);
    default:
      throw notConvertible(`EQL has no ${value.kind}.`);
  }
}

function writeExpansion(field: string, values: readonly Value[]): string {
  const leaves = values.map((value): Leaf => ({ kind: "field", field, value }));
  const list = writeList(leaves, compatEql);
  if (list === undefined) throw notConvertible("Only strings and numbers can be listed.");
  return list;
}

/** The empty string and addresses are compared as they are. */
function isPlain(value: StringValue): boolean {
  if (value.parts.length === 0) return true;
  const [only] = value.parts;
  return value.parts.length === 1 && typeof only === "string" && isIP(only) !== 0;
}

function writeKeyword(value: Value): string {
  if (value.kind === "string" || value.kind === "number") return writeScalar(value);
  throw notConvertible(`A keyword cannot be a ${value.kind}.`);
}

function writeScalar(value: Value): string {
  if (value.kind === "number") return String(value.value);
  if (value.kind !== "string") throw notConvertible(`A list cannot hold a ${value.kind}.`);
  return `"${writeParts(value.parts, style)}"`;
}

function fieldName(field: string): string {
  return /^\d|^.*\s|^-/.test(field) ? `\`${field}\`` : field;
}
