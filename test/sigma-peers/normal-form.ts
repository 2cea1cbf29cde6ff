import type {
  Condition,
  Correlation,
  Detection,
  Item,
  Rule,
  RuleExpression,
  StringPart,
  Value,
} from "../../src/sigma/ast.ts";

/** Our names of modifiers that pySigma calls otherwise. */
const aliases: ReadonlyMap<string, string> = new Map([
  ["utf16le", "wide"],
  ["i", "ignorecase"],
  ["m", "multiline"],
  ["s", "dotall"],
]);

/** A rule in the form that `dump_ast.py` prints. */
export function normalRule({ metadata, logsource, detections, conditions }: Rule): unknown {
  const { related, custom, ...rest } = metadata;
  const absent = { id: null, name: null, status: null, level: null, description: null, license: null };
  return {
    ...absent,
    author: null,
    date: null,
    modified: null,
    ...rest,
    ...(metadata.id === undefined ? {} : { id: metadata.id.toLowerCase() }),
    related: related.map(({ id, type }) => [id.toLowerCase(), type]),
    custom,
    logsource: [
      logsource.category ?? null,
      logsource.product ?? null,
      logsource.service ?? null,
      logsource.definition ?? null,
    ],
    detections: [...detections].map(([name, detection]) => [name, normalDetection(detection)]),
    conditions: conditions.map(normalCondition),
  };
}

/** A correlation with at most one bound in the form that `dump_ast.py` prints. */
export function normalCorrelation(correlation: Correlation): unknown {
  const { metadata, rules, measure, test, groupBy, timespan, aliases, generate } = correlation;
  return {
    title: metadata.title,
    type: measure.type,
    rules,
    group_by: groupBy,
    seconds: timespan.seconds,
    aliases: [...aliases].map(([alias, fields]) => [alias, [...fields]]),
    generate,
    test:
      test.kind === "expression"
        ? { expression: normalExpression(test.expression) }
        : {
            ...test.bounds[0],
            percentile: "percentile" in measure ? measure.percentile : null,
            fields: "fields" in measure ? measure.fields : "field" in measure ? [measure.field] : [],
          },
  };
}

function normalExpression(node: RuleExpression): unknown {
  switch (node.kind) {
    case "rule":
      return { rule: node.rule };
    case "not":
      return { not: normalExpression(node.operand) };
    case "and":
    case "or":
      return { [node.kind]: node.operands.map(normalExpression) };
  }
}

function normalDetection(node: Detection | Item): unknown {
  if (node.kind === "detection") return { linking: node.linking, members: node.members.map(normalDetection) };
  return {
    field: node.kind === "field" ? node.field : null,
    modifiers: node.modifiers.map((name) => aliases.get(name) ?? name),
    linking: node.linking,
    negated: node.negated,
    values: node.values.map(normalValue),
  };
}

function normalCondition(node: Condition): unknown {
  switch (node.kind) {
    case "selection":
      return { selection: node.name };
    case "of":
      return { of: node.linking, pattern: node.pattern };
    case "not":
      return { not: normalCondition(node.operand) };
    case "and":
    case "or":
      return { [node.kind]: node.operands.map(normalCondition) };
  }
}

function normalPart(part: StringPart): unknown {
  if (typeof part === "string") return part;
  if (part.kind === "placeholder") return { placeholder: part.name };
  return { wildcard: part.kind === "any" ? "*" : "?" };
}

function normalValue(value: Value): unknown {
  switch (value.kind) {
    case "string":
      return { string: value.parts.map(normalPart), cased: value.cased };
    case "number":
      return { number: value.value };
    case "boolean":
      return { boolean: value.value };
    case "null":
      return { null: true };
    case "regex": {
      const text = value.parts.map((part) => (typeof part === "string" ? part : `%${part.name}%`)).join("");
      return { regex: text, flags: [...value.flags].sort().join("") };
    }
    case "cidr":
      return { cidr: value.network };
    case "compare":
      return { compare: value.op, number: value.value };
    case "exists":
      return { exists: value.exists };
    case "fieldref": {
      const both = value.match === "contains";
      return {
        fieldref: value.field,
        start: both || value.match === "startswith",
        end: both || value.match === "endswith",
      };
    }
    case "timepart":
      return { timepart: value.part, op: value.op, number: value.value };
    case "expansion":
      return { any: value.values.map(normalValue) };
    case "query":
      return { query: value.query, id: value.id };
  }
}
