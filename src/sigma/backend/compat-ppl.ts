import type { Value } from "../ast.ts";
import type { FieldLeaf, Leaf } from "./expression.ts";
import { notConvertible } from "./not-convertible.ts";
import type { TextLanguage } from "./text-language.ts";
import { writeNetwork } from "./write-network.ts";
import { anchoring, hasWildcard, regexText, writeParts } from "./write-string.ts";

const style = { escape: "\\", escaped: '%_"', any: "%", one: "_", dropped: "\\" };
const comparison = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/** The condition of PPL as pySigma's OpenSearch backend 2.0 writes it, before its wildcards are moved into the quotes. */
export const compatPpl: TextLanguage = {
  and: "AND",
  or: "OR",
  not: "NOT",
  order: ["not", "and", "or"],
  alwaysGroup: false,
  leaf: writeLeaf,
  list: (field, values) => {
    const written = values.map(plainScalar);
    return written.includes(undefined) ? undefined : `${fieldName(field)} in (${written.join(", ")})`;
  },
};

/** Moves `%` that stand beside quotes into them, over the whole condition, as the original does. */
export function moveWildcardsIn(condition: string): string {
  return condition.replaceAll(/(%?)"([^"]*)"(%?)/g, '"$1$2$3"');
}

function writeLeaf(leaf: Leaf): string {
  if (leaf.kind === "field") return writeField(leaf);
  const written = leaf.value.kind === "string" ? quoted(leaf.value.parts) : plainScalar(leaf.value);
  if (written === undefined) throw notConvertible(`A keyword cannot be a ${leaf.value.kind}.`);
  return written;
}

function writeField({ field, value }: FieldLeaf): string {
  const name = fieldName(field);
  switch (value.kind) {
    case "string":
      return writeString(name, value);
    case "number":
      return `${name}=${value.value}`;
    case "null":
      return `isnull(${name})`;
    case "exists":
      return `${value.exists ? "isnotnull" : "isnull"}(${name})`;
    case "regex":
      return `match(${name}, '${regexText(value, (text) => text.replaceAll("'", "''"))}')`;
    case "cidr":
      return `cidrmatch(${field}, "${writeNetwork(value)}")`;
    case "compare":
      return `${name}${comparison[value.op]}${value.value}`;
    case "fieldref":
      if (value.match !== "equals") throw notConvertible("PPL compares whole fields only.");
      return `${name}=${fieldName(value.field)}`;
    case "query":
      return value.query.replaceAll("{field}", name).replaceAll("{id}", value.id);
    case "expansion":
      return value.values.map((inner) => writeField({ kind: "field", field, value: inner })).join(" OR ");
    default:
      throw notConvertible(`PPL has no ${value.kind}.`);
  }
}

function writeString(name: string, value: Extract<Value, { kind: "string" }>): string {
  const cased = value.cased ? ", true" : "";
  const anchored = anchoring(value);
  switch (anchored.kind) {
    case "start":
      return `LIKE(${name}, ${quoted(anchored.parts)}%${cased})`;
    case "end":
      return `LIKE(${name}, %${quoted(anchored.parts)}${cased})`;
    case "inside":
      return `LIKE(${name}, %${quoted(anchored.parts)}%${cased})`;
    case "other":
      if (!value.cased && hasWildcard(value.parts)) return `LIKE(${name}, ${quoted(value.parts)})`;
      return `${name}=${quoted(value.parts)}`;
  }
}

function plainScalar(value: Value): string | undefined {
  if (value.kind === "number") return String(value.value);
  return value.kind === "string" && !hasWildcard(value.parts) ? quoted(value.parts) : undefined;
}

function quoted(parts: Extract<Value, { kind: "string" }>["parts"]): string {
  return `"${writeParts(parts, style)}"`;
}

function fieldName(field: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(field) ? field : `\`${field}\``;
}
