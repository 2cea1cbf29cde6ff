import type { StringValue } from "../ast.ts";
import { parseAddress } from "../match/ip-address.ts";
import { numberOf } from "../match/scalar.ts";
import { isCaseless, isWholeOrBeginning, lowered, plainText } from "./exact-string.ts";
import type { FieldLeaf, Leaf } from "./expression.ts";
import { type FieldType, type FieldTypes, typeFor } from "./field-types.ts";
import { luceneRegex, luceneRegexOfString, refuseComplex } from "./lucene-regex.ts";
import { notConvertible } from "./not-convertible.ts";
import type { TextLanguage } from "./text-language.ts";
import { writeNetwork } from "./write-network.ts";
import { writeParts } from "./write-string.ts";

const special = '+-=&|!(){}[]<>^"~*?:\\/';
const term = { escape: "\\", escaped: `${special} \t\n\r`, any: "*", one: "?" };
const phrase = { ...term, escaped: '"\\' };
const comparison = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/**
 * Lucene's query_string, exact on fields of these types: where the index keeps case, texts become regexes with both cases. A
 * negation names what it is taken from, for a clause of negations alone finds nothing.
 */
export function exactLucene(types: FieldTypes): TextLanguage {
  return {
    and: "AND",
    or: "OR",
    not: "*:* NOT",
    order: ["or", "and", "not"],
    alwaysGroup: true,
    leaf: (leaf) => writeLeaf(leaf, types),
  };
}

function writeLeaf(leaf: Leaf, types: FieldTypes): string {
  if (leaf.kind === "keyword") throw notConvertible("A Lucene search over all fields depends on how each is indexed.");
  return writeField(leaf, types);
}

function writeField({ field, value }: FieldLeaf, types: FieldTypes): string {
  const name = field.replaceAll(/[+\-=&|!(){}[\]<>^"~*?:\\/\s]/g, "\\$&");
  const type = typeFor(field, value, types);
  switch (value.kind) {
    case "string":
      return `${name}:${writeString(field, value, type)}`;
    case "number":
      if (type === "text") break;
      return `${name}:${phraseOf(String(value.value))}`;
    case "boolean":
      if (type === "keyword") return `${name}:${writeRegex(luceneRegexOfString(textOf(value.value)))}`;
      if (type !== "boolean" && type !== "lowercase") break;
      return `${name}:${value.value}`;
    case "null":
      return `(*:* NOT _exists_:${name})`;
    case "exists":
      return value.exists ? `_exists_:${name}` : `(*:* NOT _exists_:${name})`;
    case "regex":
      if (type !== "keyword") break;
      return `${name}:${writeRegex(luceneRegex(value))}`;
    case "cidr":
      if (type !== "ip") break;
      return `${name}:"${writeNetwork(value)}"`;
    case "compare":
      if (type !== "number") break;
      return `${name}:${comparison[value.op]}${value.value}`;
    case "query":
      return value.query.replaceAll("{field}", name).replaceAll("{id}", value.id);
    case "expansion":
      return `(${value.values.map((inner) => writeField({ kind: "field", field, value: inner }, types)).join(" OR ")})`;
    default:
      throw notConvertible(`Lucene's query_string cannot say ${value.kind}.`);
  }
  throw notConvertible(
    `${field} is of type ${type} in the index; ${value.kind} is not exact in Lucene's query_string.`,
  );
}

function writeString(field: string, value: StringValue, type: FieldType): string {
  refuseComplex(value);
  if (type === "keyword" && !isCaseless(value)) return writeRegex(luceneRegexOfString(value));
  if (type === "keyword" || (type === "flattened" && isCaseless(value) && isWholeOrBeginning(value))) {
    return plainOrWild(value);
  }
  if (type === "lowercase" && !value.cased) return plainOrWild(lowered(value));
  const text = plainText(value);
  const fits =
    text !== undefined &&
    ((type === "ip" && parseAddress(text) !== undefined) || (type === "number" && numberOf(text) !== undefined));
  if (fits) return phraseOf(text);
  throw notConvertible(`${field} is of type ${type} in the index; a text is not exact in Lucene's query_string.`);
}

function plainOrWild(value: StringValue): string {
  const text = plainText(value);
  return text === undefined ? writeParts(value.parts, term) : phraseOf(text);
}

function textOf(value: boolean): StringValue {
  return { kind: "string", parts: [String(value)], cased: false };
}

function phraseOf(text: string): string {
  return `"${writeParts([text], phrase)}"`;
}

/** Slashes inside are escaped already; a backslash before the last slash would escape it, whatever stands before. */
function writeRegex(regex: string): string {
  return `/${regex.endsWith("\\\\") ? `${regex.slice(0, -2)}[\\\\]` : regex}/`;
}
