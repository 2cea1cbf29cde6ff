import type { StringValue } from "../ast.ts";
import { parseAddress } from "../match/ip-address.ts";
import { numberOf } from "../match/scalar.ts";
import { hasLiteralWildcard, hasWideCase, lowered, plainText } from "./exact-string.ts";
import type { FieldLeaf, Leaf } from "./expression.ts";
import { type FieldType, type FieldTypes, typeFor } from "./field-types.ts";
import { luceneRegex, luceneRegexOfString } from "./lucene-regex.ts";
import { notConvertible } from "./not-convertible.ts";
import type { TextLanguage } from "./text-language.ts";
import { writeNetwork } from "./write-network.ts";
import { writeParts } from "./write-string.ts";

const plain = { escape: "\\", escaped: '"\\', any: "*", one: "?" };
const comparison = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/**
 * The condition of EQL, exact on fields of these types. Fields are optional (`?field`), for an index may lack them; then a comparison
 * is null there, and so is its negation. So negations stand at single comparisons (`negationsInside`) and let null pass.
 */
export function exactEql(types: FieldTypes): TextLanguage {
  return {
    and: "and",
    or: "or",
    not: "not",
    order: ["or", "and", "not"],
    alwaysGroup: true,
    leaf: (leaf) => writeLeaf(leaf, types),
    negateLeaf: (leaf, text) => (leaf.kind === "field" ? negated(leaf, text) : `not ${text}`),
  };
}

function writeLeaf(leaf: Leaf, types: FieldTypes): string {
  if (leaf.kind === "keyword") throw notConvertible("EQL has no search over all fields.");
  return writeField(leaf, types);
}

function writeField({ field, value }: FieldLeaf, types: FieldTypes): string {
  const name = optionalField(field);
  const type = typeFor(field, value, types);
  if (type === "flattened") throw notConvertible(`${field} is within a flattened field; EQL does not read those.`);
  switch (value.kind) {
    case "string":
      return writeString(name, field, value, type);
    case "number":
      if (type === "number") return `${name} == ${value.value}`;
      if (type === "keyword" || type === "lowercase") return `${name} == ${quoted(String(value.value))}`;
      break;
    case "boolean":
      if (type === "boolean") return `${name} == ${value.value}`;
      if (type === "keyword" || type === "lowercase") return `${name} : "${value.value}"`;
      break;
    case "null":
      return `${name} == null`;
    case "exists":
      return `${name} ${value.exists ? "!=" : "=="} null`;
    case "regex":
      if (type === "keyword") return `${name} regex ${quoted(luceneRegex(value))}`;
      break;
    case "cidr":
      if (type === "ip") return `cidrMatch(${name}, "${writeNetwork(value)}")`;
      break;
    case "compare":
      if (type === "number") return `${name} ${comparison[value.op]} ${value.value}`;
      break;
    case "query":
      return value.query.replaceAll("{field}", name).replaceAll("{id}", value.id);
    case "expansion":
      return `(${value.values.map((inner) => writeField({ kind: "field", field, value: inner }, types)).join(" or ")})`;
    default:
      throw notConvertible(`EQL cannot say ${value.kind}.`);
  }
  throw notConvertible(`${field} is of type ${type} in the index; ${value.kind} is not exact in EQL.`);
}

function negated({ field, value }: FieldLeaf, text: string): string {
  const name = optionalField(field);
  if (value.kind === "null") return `${name} != null`;
  if (value.kind === "exists") return `${name} ${value.exists ? "==" : "!="} null`;
  return `${name} == null or not ${text}`;
}

function writeString(name: string, field: string, value: StringValue, type: FieldType): string {
  const text = plainText(value);
  if (type === "keyword") return writeKeyword(name, value, text);
  if (type === "lowercase" && !value.cased)
    return writeKeyword(name, { ...lowered(value), cased: true }, text?.toLowerCase());
  if (type === "ip" && text !== undefined && parseAddress(text) !== undefined) return `${name} == ${quoted(text)}`;
  const number = text === undefined ? undefined : numberOf(text);
  if (type === "number" && number !== undefined) return `${name} == ${number}`;
  throw notConvertible(`${field} is of type ${type} in the index; a text is not exact in EQL.`);
}

function writeKeyword(name: string, value: StringValue, text: string | undefined): string {
  if (text === "") return `${name} == ""`;
  if (value.cased && text !== undefined) return `${name} == ${quoted(text)}`;
  if (hasLiteralWildcard(value) || hasWideCase(value)) return `${name} regex ${quoted(luceneRegexOfString(value))}`;
  return `${name} ${value.cased ? "like" : ":"} "${writeParts(value.parts, plain).replaceAll(/[\n\r\t]/g, control)}"`;
}

function quoted(text: string): string {
  return `"${writeParts([text], plain).replaceAll(/[\n\r\t]/g, control)}"`;
}

function control(char: string): string {
  return { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[char] ?? char;
}

/** A field that an index may lack. */
function optionalField(field: string): string {
  return `?${eqlField(field)}`;
}

/** A field name, quoted where it has to be. */
export function eqlField(field: string): string {
  const isPlain = /^[A-Za-z_@][\w@]*(?:\.[A-Za-z_@][\w@]*)*$/.test(field);
  return isPlain ? field : `\`${field.replaceAll("`", "``")}\``;
}
