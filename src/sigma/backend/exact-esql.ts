import type { FieldRefValue, StringValue, TimePartValue, Value } from "../ast.ts";
import { parseAddress } from "../match/ip-address.ts";
import { numberOf } from "../match/scalar.ts";
import { isCaseless, plainText } from "./exact-string.ts";
import type { FieldLeaf, Leaf } from "./expression.ts";
import { type FieldType, type FieldTypes, typeFor } from "./field-types.ts";
import { luceneRegex } from "./lucene-regex.ts";
import { notConvertible } from "./not-convertible.ts";
import type { TextLanguage } from "./text-language.ts";
import { writeNetwork } from "./write-network.ts";
import { writeParts } from "./write-string.ts";

const wild = { escape: "\\", escaped: "*?\\", any: "*", one: "?" };
const literal = { escape: "\\", escaped: '"\\', any: "*", one: "?" };
const comparison = { lt: "<", lte: "<=", gt: ">", gte: ">=", eq: "==" } as const;

/**
 * The condition of ES|QL, exact on fields of these types that hold one value. A comparison with a missing field is null there, and
 * so is its negation; so what is negated is made false first.
 */
export function exactEsql(types: FieldTypes): TextLanguage {
  return {
    and: "and",
    or: "or",
    not: "not",
    order: ["or", "and", "not"],
    alwaysGroup: true,
    maxOperands: 50,
    leaf: (leaf) => writeLeaf(leaf, types),
    negate: (text) => `not coalesce(${text}, false)`,
  };
}

function writeLeaf(leaf: Leaf, types: FieldTypes): string {
  if (leaf.kind === "keyword") throw notConvertible("ES|QL has no exact search over all fields.");
  return writeField(leaf, types);
}

function writeField({ field, value }: FieldLeaf, types: FieldTypes): string {
  const name = esqlField(field);
  const type = typeFor(field, value, types);
  if (type === "flattened") throw notConvertible(`${field} is within a flattened field; ES|QL does not read those.`);
  switch (value.kind) {
    case "string":
      return writeString(name, field, value, type);
    case "number":
      if (type === "number") return `${name} == ${value.value}`;
      if (type === "keyword" || type === "lowercase") return `${name} == ${quoted(String(value.value))}`;
      break;
    case "boolean":
      if (type === "boolean") return `${name} == ${value.value}`;
      if (type === "keyword" || type === "lowercase") return `to_lower(${name}) == "${value.value}"`;
      break;
    case "null":
      return `${name} is null`;
    case "exists":
      return `${name} is ${value.exists ? "not null" : "null"}`;
    case "regex":
      if (type === "keyword") return `${name} rlike ${quoted(luceneRegex(value))}`;
      break;
    case "cidr":
      if (type === "ip") return `cidr_match(${name}, "${writeNetwork(value)}")`;
      break;
    case "compare":
      if (type === "number") return `${name} ${comparison[value.op]} ${value.value}`;
      break;
    case "timepart":
      if (type === "date") return writeTimePart(name, value);
      break;
    case "fieldref":
      if (type === "keyword" || type === "lowercase") return writeFieldRef(name, value);
      break;
    case "query":
      return value.query.replaceAll("{field}", name).replaceAll("{id}", value.id);
    case "expansion":
      return `(${value.values.map((inner: Value) => writeField({ kind: "field", field, value: inner }, types)).join(" or ")})`;
  }
  throw notConvertible(`${field} is of type ${type} in the index; ${value.kind} is not exact in ES|QL.`);
}

function writeString(name: string, field: string, value: StringValue, type: FieldType): string {
  const text = plainText(value);
  const folds = type === "keyword" && !isCaseless(value);
  if (type === "keyword" || (type === "lowercase" && !value.cased)) {
    const left = folds ? `to_lower(${name})` : name;
    const fold = (written: string): string => (folds || type === "lowercase" ? written.toLowerCase() : written);
    return text === undefined
      ? `${left} like ${quoted(fold(writeParts(value.parts, wild)))}`
      : `${left} == ${quoted(fold(text))}`;
  }
  if (type === "ip" && text !== undefined && parseAddress(text) !== undefined) return `${name} == ${quoted(text)}`;
  const number = text === undefined ? undefined : numberOf(text);
  if (type === "number" && number !== undefined) return `${name} == ${number}`;
  throw notConvertible(`${field} is of type ${type} in the index; a text is not exact in ES|QL.`);
}

const units: Readonly<Record<TimePartValue["part"], string | undefined>> = {
  minute: "minute_of_hour",
  hour: "hour_of_day",
  day: "day_of_month",
  week: undefined,
  month: "month_of_year",
  year: "year",
};

function writeTimePart(name: string, { part, op, value }: TimePartValue): string {
  const unit = units[part];
  if (unit === undefined) throw notConvertible("ES|QL has no ISO weeks.");
  return `date_extract("${unit}", ${name}) ${comparison[op]} ${value}`;
}

function writeFieldRef(name: string, value: FieldRefValue): string {
  const fold = (written: string): string => (value.cased ? written : `to_lower(${written})`);
  const left = fold(name);
  const right = fold(esqlField(value.field));
  switch (value.match) {
    case "equals":
      return `${left} == ${right}`;
    case "startswith":
      return `starts_with(${left}, ${right})`;
    case "endswith":
      return `ends_with(${left}, ${right})`;
    case "contains":
      return `locate(${left}, ${right}) > 0`;
  }
}

function quoted(text: string): string {
  const control: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return `"${writeParts([text], literal).replaceAll(/[\n\r\t]/g, (char) => control[char] ?? char)}"`;
}

/** A field's name, quoted where it has to be. */
export function esqlField(field: string): string {
  if (/^[A-Za-z_@]\w*(?:\.[A-Za-z_@]\w*)*$/.test(field)) return field;
  return field
    .split(".")
    .map((segment) => `\`${segment.replaceAll("`", "``")}\``)
    .join(".");
}
