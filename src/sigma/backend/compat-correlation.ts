import type { Bound, Correlation, Rule, Timespan } from "../ast.ts";
import { compatEsql, esqlField } from "./compat-esql.ts";
import { expressionsOf } from "./expression.ts";
import { notConvertible } from "./not-convertible.ts";
import { writeExpression } from "./text-language.ts";
import { writeParts } from "./write-string.ts";

const units: Readonly<Record<Timespan["unit"], string>> = {
  s: "seconds",
  m: "minutes",
  h: "hours",
  d: "days",
  w: "weeks",
  M: "months",
  y: "years",
};

const operators: Readonly<Record<Bound["op"], string>> = {
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
  eq: "==",
  neq: "!=",
};

/** A correlation in ES|QL as pySigma's Elasticsearch backend 2.1 writes it: buckets of time, so what spans two is not seen. */
export function compatEsqlCorrelation(correlation: Correlation, rules: readonly Rule[], index: string): string {
  const { measure, timespan } = correlation;
  if (correlation.aliases.size > 0) throw notConvertible("pySigma's ES|QL has no aliases.");
  const bound = correlation.test.kind === "bounds" ? correlation.test.bounds[0] : undefined;
  if (bound === undefined) throw notConvertible("pySigma's ES|QL has no expressions over rules.");
  const queries = rules.map((rule) => expressionsOf(rule).map((each) => writeExpression(each, compatEsql)));
  const [only, ...more] = queries.flat();
  const search =
    more.length === 0
      ? only
      : queries
          .flat()
          .map((query) => `(${query})`)
          .join(" or ");
  const typing = measure.type === "temporal" ? `\n| eval event_type=case(${cases(rules, queries)})` : "";
  const [name, count] = counted(correlation);
  const bucket = `date_trunc(${timespan.count}${units[timespan.unit]}, @timestamp)`;
  const groupBy = correlation.groupBy.map((field) => `, ${esqlField(field)}`).join("");
  return (
    `from ${index} metadata _id, _index, _version | where ${search}${typing}\n` +
    `| eval timebucket=${bucket} | stats ${name}=${count}${carried(correlation, rules)} by timebucket${groupBy}\n` +
    `| where ${name} ${operators[bound.op]} ${bound.value}`
  );
}

function counted({ measure }: Correlation): readonly [string, string] {
  switch (measure.type) {
    case "event_count":
      return ["event_count", "count()"];
    case "value_count":
      return ["value_count", `count_distinct(${measure.fields.map(esqlField).join(", ")})`];
    case "temporal":
      return ["event_type_count", "count_distinct(event_type)"];
    default:
      throw notConvertible(`pySigma's ES|QL has no ${measure.type}.`);
  }
}

function cases(rules: readonly Rule[], queries: readonly (readonly string[])[]): string {
  return rules
    .flatMap((rule, index) => {
      const id = rule.metadata.name ?? rule.metadata.id ?? "";
      const text = writeParts([id], { escape: "\\", escaped: '*?"\\', any: "*", one: "?" });
      return (queries[index] ?? []).map((query) => `${query}, "${text}"`);
    })
    .join(", ");
}

/** The values of what the rules name as their fields. */
function carried({ groupBy }: Correlation, rules: readonly Rule[]): string {
  const fields = new Set(rules.flatMap((rule) => rule.metadata.fields).filter((field) => !groupBy.includes(field)));
  return [...fields].map((field) => `, ${esqlField(field)}=values(${esqlField(field)})`).join("");
}
