import type { Value } from "../ast.ts";
import type { FieldLeaf, Leaf } from "./expression.ts";
import { notConvertible } from "./not-convertible.ts";
import type { TextLanguage } from "./text-language.ts";
import { writeNetwork } from "./write-network.ts";
import { anchoring, hasWildcard, regexText, writeParts } from "./write-string.ts";

const style = { escape: "\\", escaped: '*?"\\', any: "*", one: "?" };
const comparison = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/** The condition of ES|QL as pySigma's Elasticsearch backend 2.1 writes it. */
export const compatEsql: TextLanguage = {
  and: "and",
  or: "or",
  not: "not",
  order: ["not", "and", "or"],
  alwaysGroup: false,
  leaf: writeLeaf,
  list: (field, values) => {
    const written = values.map(plainScalar);
    return written.includes(undefined) ? undefined : `${esqlField(field)} in (${written.join(", ")})`;
  },
};

function writeLeaf(leaf: Leaf): string {
  if (leaf.kind === "keyword") throw notConvertible("ES|QL has no search over all fields.");
  return writeField(leaf);
}

function writeField({ field, value }: FieldLeaf): string {
  const name = esqlField(field);
  switch (value.kind) {
    case "string":
      return writeString(name, value);
    case "number":
    case "boolean":
      return `${name}==${String(value.value)}`;
    case "null":
      return `${name} is null`;
    case "exists":
      return `${name} is ${value.exists ? "not null" : "null"}`;
    case "regex":
      return `${name} rlike "${regexText(value, (text) => text.replaceAll(/["\\]/g, "\\$&"))}"`;
    case "cidr":
      return `cidr_match(${field}, "${writeNetwork(value)}")`;
    case "compare":
      return `${name}${comparison[value.op]}${value.value}`;
    case "fieldref":
      if (value.match !== "equals") throw notConvertible("ES|QL compares whole fields only.");
      return `${name}==${esqlField(value.field)}`;
    case "query":
      return value.query.replaceAll("{field}", name).replaceAll("{id}", value.id);
    case "expansion":
      return value.values.map((inner) => writeField({ kind: "field", field, value: inner })).join(" or ");
    default:
      throw notConvertible(`ES|QL has no ${value.kind}.`);
  }
}

function writeString(name: string, value: Extract<Value, { kind: "string" }>): string {
  if (value.cased) throw notConvertible("ES|QL has no case-sensitive variant.");
  const anchored = anchoring(value);
  if (anchored.kind === "start") return `starts_with(${name}, "${writeParts(anchored.parts, style)}")`;
  if (anchored.kind === "end") return `ends_with(${name}, "${writeParts(anchored.parts, style)}")`;
  const operator = hasWildcard(value.parts) ? " like " : "==";
  return `${name}${operator}"${writeParts(value.parts, style)}"`;
}

function plainScalar(value: Value): string | undefined {
  if (value.kind === "number") return String(value.value);
  if (value.kind !== "string" || hasWildcard(value.parts)) return undefined;
  return `"${writeParts(value.parts, style)}"`;
}

/** A field name, quoted where pySigma quotes it. */
export function esqlField(field: string): string {
  return /^[\p{L}\p{N}_.]+$/u.test(field) ? field : `\`${field}\``;
}
