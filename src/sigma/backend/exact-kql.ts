import type { StringValue } from "../ast.ts";
import { parseAddress } from "../match/ip-address.ts";
import { numberOf } from "../match/scalar.ts";
import { isCaseless, isWholeOrBeginning, lowered, plainText } from "./exact-string.ts";
import type { FieldLeaf, Leaf } from "./expression.ts";
import { type FieldType, type FieldTypes, typeFor } from "./field-types.ts";
import { notConvertible } from "./not-convertible.ts";
import type { TextLanguage } from "./text-language.ts";
import { writeNetwork } from "./write-network.ts";
import { writeParts } from "./write-string.ts";

const special = '\\():<>"*{}';
const wild = { escape: "\\", escaped: special, any: "*", one: "" };
const phrase = { escape: "\\", escaped: '"\\', any: "", one: "" };
const comparison = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/**
 * Kibana's query language, exact on fields of these types. It compares keywords with their case, so texts with letters need fields
 * whose index folds case; it has no regexes and no wildcard for one character.
 */
export function exactKql(types: FieldTypes): TextLanguage {
  return {
    and: "and",
    or: "or",
    not: "not",
    order: ["or", "and", "not"],
    alwaysGroup: true,
    leaf: (leaf) => writeLeaf(leaf, types),
  };
}

function writeLeaf(leaf: Leaf, types: FieldTypes): string {
  if (leaf.kind === "keyword") throw notConvertible("A KQL search over all fields depends on how each is indexed.");
  return writeField(leaf, types);
}

function writeField({ field, value }: FieldLeaf, types: FieldTypes): string {
  const name = unquoted(field);
  const type = typeFor(field, value, types);
  switch (value.kind) {
    case "string":
      return `${name}: ${writeString(field, value, type)}`;
    case "number":
      if (type === "text") break;
      return `${name}: ${value.value < 0 ? `"${value.value}"` : value.value}`;
    case "boolean":
      if (type !== "boolean" && type !== "lowercase") break;
      return `${name}: ${value.value}`;
    case "null":
      return `(not ${name}: *)`;
    case "exists":
      return value.exists ? `${name}: *` : `(not ${name}: *)`;
    case "cidr":
      if (type !== "ip") break;
      return `${name}: "${writeNetwork(value)}"`;
    case "compare":
      if (type !== "number") break;
      return `${name} ${comparison[value.op]} ${value.value}`;
    case "query":
      return value.query.replaceAll("{field}", name).replaceAll("{id}", value.id);
    case "expansion":
      return `(${value.values.map((inner) => writeField({ kind: "field", field, value: inner }, types)).join(" or ")})`;
    default:
      throw notConvertible(`KQL cannot say ${value.kind}.`);
  }
  throw notConvertible(`${field} is of type ${type} in the index; ${value.kind} is not exact in KQL.`);
}

function writeString(field: string, value: StringValue, type: FieldType): string {
  const text = plainText(value);
  const isFound = type === "keyword" || (type === "flattened" && isWholeOrBeginning(value));
  if (isFound && isCaseless(value)) return plainOrWild(value, text);
  if (type === "lowercase" && !value.cased) return plainOrWild(lowered(value), text?.toLowerCase());
  const fits =
    text !== undefined &&
    ((type === "ip" && parseAddress(text) !== undefined) || (type === "number" && numberOf(text) !== undefined));
  if (fits) return `"${text}"`;
  throw notConvertible(`KQL compares ${field}, of type ${type} in the index, with its case; Sigma does not.`);
}

function plainOrWild(value: StringValue, text: string | undefined): string {
  if (text !== undefined) return `"${writeParts([text], phrase)}"`;
  if (value.parts.some((part) => typeof part === "object" && part.kind === "one")) {
    throw notConvertible("KQL has no wildcard for one character.");
  }
  return unquotedPattern(writeParts(value.parts, wild));
}

/** Words that would be read as operators are escaped, and control characters written by name. */
function unquotedPattern(text: string): string {
  const names: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return text
    .replaceAll(/[\n\r\t]/g, (char) => names[char] ?? char)
    .replaceAll(/(^|\s)(and|or|not)(?=\s|$)/gi, "$1\\$2");
}

function unquoted(field: string): string {
  return unquotedPattern(writeParts([field], wild));
}
