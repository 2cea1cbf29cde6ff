import type { CompareOp, StringValue, TimePartValue, Value } from "../ast.ts";
import { parseAddress } from "../match/ip-address.ts";
import { numberOf } from "../match/scalar.ts";
import type { Approximation } from "./approximate.ts";
import { hasWideCase, isCaseless, isWholeOrBeginning, lowered, plainText, textsOf } from "./exact-string.ts";
import type { FieldLeaf, Leaf } from "./expression.ts";
import { type FieldType, type FieldTypes, typeFor } from "./field-types.ts";
import { luceneRegex, luceneRegexOfString } from "./lucene-regex.ts";
import { notConvertible } from "./not-convertible.ts";
import { writeNetwork } from "./write-network.ts";
import { hasWildcard, writeParts } from "./write-string.ts";

/** A query of Elasticsearch's and OpenSearch's query DSL. */
export type DslQuery = Readonly<Record<string, unknown>>;

/** Writes an expression as query DSL; throws `sigma_not_convertible` where the fields' types do not allow an exact query. */
export function writeDsl(expression: Approximation, types: FieldTypes): DslQuery {
  switch (expression.kind) {
    case "everything":
      return { match_all: {} };
    case "nothing":
      return { match_none: {} };
    case "and":
      return { bool: { filter: expression.operands.map((operand) => writeDsl(operand, types)) } };
    case "or":
      return anyOf(expression.operands.map((operand) => writeDsl(operand, types)));
    case "not":
      return { bool: { must_not: [writeDsl(expression.operand, types)] } };
    default:
      return writeDslLeaf(expression, types);
  }
}

/** Writes one comparison. */
export function writeDslLeaf(leaf: Leaf, types: FieldTypes): DslQuery {
  return leaf.kind === "field" ? writeField(leaf, types) : writeKeyword(leaf.value, types);
}

function anyOf(should: readonly DslQuery[]): DslQuery {
  return { bool: { should, minimum_should_match: 1 } };
}

function writeField({ field, value }: FieldLeaf, types: FieldTypes): DslQuery {
  const type = typeFor(field, value, types);
  switch (value.kind) {
    case "null":
      return { bool: { must_not: [{ exists: { field } }] } };
    case "exists":
      return value.exists ? { exists: { field } } : { bool: { must_not: [{ exists: { field } }] } };
    case "string":
      return writeString(field, value, type);
    case "number":
      return writeNumber(field, value.value, type);
    case "boolean":
      return writeBoolean(field, value.value, type);
    case "regex":
      if (type !== "keyword") throw typeError(field, type, "a regex");
      return regexp(field, luceneRegex(value));
    case "cidr":
      if (type !== "ip") throw typeError(field, type, "a network");
      return { term: { [field]: writeNetwork(value) } };
    case "compare":
      if (type !== "number") throw typeError(field, type, "a bound");
      return { range: { [field]: { [value.op]: value.value } } };
    case "timepart":
      if (type !== "date") throw typeError(field, type, "a part of a time");
      return timePartScript(field, value);
    case "fieldref":
      return fieldRefScript(field, value, type);
    case "query":
      return { query_string: { query: value.query.replaceAll("{field}", field).replaceAll("{id}", value.id) } };
    case "expansion":
      return anyOf(value.values.map((inner) => writeField({ kind: "field", field, value: inner }, types)));
  }
}

const pattern = { escape: "\\", escaped: "*?\\", any: "*", one: "?" };

function writeString(field: string, value: StringValue, type: FieldType): DslQuery {
  const text = plainText(value);
  if (value.parts.length === 1 && typeof value.parts[0] === "object" && value.parts[0].kind === "any")
    return { exists: { field } };
  if (type === "lowercase" && !value.cased) {
    return text === undefined
      ? { wildcard: { [field]: { value: writeParts(lowered(value).parts, pattern) } } }
      : { term: { [field]: text.toLowerCase() } };
  }
  if (type === "keyword" || (type === "flattened" && isWholeOrBeginning(value) && !hasWideCase(value))) {
    return writeKeywordString(field, value, text);
  }
  if (type === "ip" && text !== undefined && parseAddress(text) !== undefined) return { term: { [field]: text } };
  const number = text === undefined ? undefined : numberOf(text);
  if (type === "number" && number !== undefined) return { term: { [field]: number } };
  if (type === "boolean" && /^(?:true|false)$/i.test(text ?? ""))
    return { term: { [field]: text?.toLowerCase() === "true" } };
  throw typeError(field, type, value.cased ? "a text with its case" : "a text");
}

function writeKeywordString(field: string, value: StringValue, text: string | undefined): DslQuery {
  if (hasWideCase(value)) return regexp(field, luceneRegexOfString(value));
  // Not where case makes no difference: OpenSearch finds no empty text with it.
  const fold = isCaseless(value) ? {} : { case_insensitive: true };
  if (text !== undefined) return { term: { [field]: { value: text, ...fold } } };
  const last = value.parts.at(-1);
  const stem = value.parts.slice(0, -1);
  if (typeof last === "object" && last.kind === "any" && !hasWildcard(stem)) {
    return { prefix: { [field]: { value: stem.join(""), ...fold } } };
  }
  return { wildcard: { [field]: { value: writeParts(value.parts, pattern), ...fold } } };
}

function regexp(field: string, value: string): DslQuery {
  return { regexp: { [field]: { value, flags: "NONE" } } };
}

function writeNumber(field: string, value: number, type: FieldType): DslQuery {
  if (type === "number") return { term: { [field]: value } };
  if (type === "keyword" || type === "lowercase" || type === "flattened") return { term: { [field]: String(value) } };
  throw typeError(field, type, "a number");
}

function writeBoolean(field: string, value: boolean, type: FieldType): DslQuery {
  if (type === "boolean") return { term: { [field]: value } };
  if (type === "keyword" || type === "flattened") {
    return { term: { [field]: { value: String(value), case_insensitive: true } } };
  }
  if (type === "lowercase") return { term: { [field]: String(value) } };
  throw typeError(field, type, "true or false");
}

/** A keyword is looked for in every field the mapping has: text anywhere in a value, a number as all of it. */
function writeKeyword(value: Value, types: FieldTypes): DslQuery {
  const known = [...types.fields];
  if (known.length === 0) throw notConvertible("A search over all fields is exact only with the index's mapping.");
  if (known.some(([, type]) => type === "text")) {
    throw notConvertible("A search over all fields is not exact where the index has text fields.");
  }
  if (value.kind === "number") {
    const fields = known.filter(([, type]) => type === "keyword" || type === "lowercase" || type === "number");
    return anyOf(fields.map(([field, type]) => writeNumber(field, value.value, type)));
  }
  if (value.kind !== "string") throw notConvertible(`A ${value.kind} cannot be searched for in all fields.`);
  const around: StringValue = { ...value, parts: [{ kind: "any" }, ...value.parts, { kind: "any" }] };
  const fields = known.filter(([, type]) => type === "keyword" || type === "lowercase");
  if (fields.length < known.length && textsOf(value).every((text) => otherTexts.test(text))) {
    throw notConvertible(
      "What is searched for could be part of a number, an address or a time, which are no text in the index.",
    );
  }
  return anyOf(fields.map(([field, type]) => writeString(field, around, type)));
}

/** The characters of numbers, addresses, times, true and false. */
const otherTexts = /^[\da-fx.:+\-tzrusl]*$/i;

const getters: Readonly<Record<TimePartValue["part"], string>> = {
  minute: "getMinute()",
  hour: "getHour()",
  day: "getDayOfMonth()",
  week: "get(IsoFields.WEEK_OF_WEEK_BASED_YEAR)",
  month: "getMonthValue()",
  year: "getYear()",
};

const comparison: Readonly<Record<CompareOp | "eq", string>> = { lt: "<", lte: "<=", gt: ">", gte: ">=", eq: "==" };

function timePartScript(field: string, { part, op, value }: TimePartValue): DslQuery {
  const source = `if (!doc.containsKey(params.field)) { return false } for (def t : doc[params.field]) { if (t.${getters[part]} ${comparison[op]} params.value) { return true } } return false`;
  return { script: { script: { source, params: { field, value } } } };
}

function fieldRefScript(field: string, value: Extract<Value, { kind: "fieldref" }>, type: FieldType): DslQuery {
  if (type === "text" || type === "flattened") throw typeError(field, type, "another field");
  const fold = value.cased || type === "lowercase" ? "" : ".toLowerCase()";
  const test = { equals: "equals", contains: "contains", startswith: "startsWith", endswith: "endsWith" }[value.match];
  const source =
    `if (!doc.containsKey(params.field) || !doc.containsKey(params.other)) { return false } ` +
    `for (def a : doc[params.field]) { for (def b : doc[params.other]) { ` +
    `if (a.toString()${fold}.${test}(b.toString()${fold})) { return true } } } return false`;
  return { script: { script: { source, params: { field, other: value.field } } } };
}

function typeError(field: string, type: FieldType, what: string): Error {
  return notConvertible(`${field} is of type ${type} in the index and cannot be compared exactly with ${what}.`);
}
