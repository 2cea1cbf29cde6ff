import { stringify } from "yaml";
import type { Condition, Detection, Item, Rule, StringPart, Value } from "../ast.ts";
import { isObject } from "../match/scalar.ts";
import { selectionsOf } from "../parse/select.ts";
import { notConvertible } from "./not-convertible.ts";
import { regexText } from "./write-string.ts";

/**
 * A rule as OpenSearch Security Analytics reads it (`POST _plugins/_security_analytics/rules`): YAML in the part of Sigma that it
 * knows. Modifiers are worked out beforehand, so that only plain values, wildcards, `re`, `cidr` and bounds are left.
 *
 * Throws `sigma_not_convertible` for what it does not know, and, unless `compat`, for negations (it makes a negated item ask for the
 * field to be there) and regular expressions (it hands them to Lucene, whose cover the whole text).
 */
export function securityAnalyticsRule(rule: Rule, compat: boolean): string {
  const names = new Map([...rule.detections.keys()].map((name, index) => [name, safeName(name, index)]));
  const [only, ...more] = rule.conditions;
  if (only === undefined || more.length > 0) throw notConvertible("Security Analytics takes one condition a rule.");
  const condition = writeCondition(only, rule, names, compat);
  const selections = [...rule.detections].map(([name, detection]) => [names.get(name), writeDetection(detection)]);
  if (!compat && [...rule.detections.values()].some(hasRegex)) {
    throw notConvertible("Security Analytics hands regexes to Lucene, whose regexes cover the whole text.");
  }
  const { metadata, logsource } = rule;
  const { category, product, service } = logsource;
  if (metadata.id === undefined) throw notConvertible("Security Analytics wants an id for every rule.");
  return stringify(
    {
      title: metadata.title,
      id: metadata.id,
      status: metadata.status ?? "experimental",
      description: metadata.description ?? metadata.title,
      author: metadata.author ?? "",
      references: metadata.references,
      tags: metadata.tags,
      logsource: JSON.parse(JSON.stringify({ category, product, service })),
      detection: { ...Object.fromEntries(selections), condition },
      falsepositives: metadata.falsepositives,
      level: metadata.level ?? "medium",
    },
    { lineWidth: 0 },
  );
}

function safeName(name: string, index: number): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `selection_${index}_${name.replaceAll(/[^A-Za-z0-9_]/g, "_")}`;
}

function writeCondition(
  condition: Condition,
  rule: Rule,
  names: ReadonlyMap<string, string>,
  negation: boolean,
): string {
  switch (condition.kind) {
    case "selection":
      return names.get(condition.name) ?? condition.name;
    case "of": {
      const chosen = selectionsOf(condition.pattern, rule.detections).map((name) => names.get(name) ?? name);
      return `(${chosen.join(condition.linking === "all" ? " and " : " or ")})`;
    }
    case "not":
      if (!negation) throw negationError();
      return `not ${writeCondition(condition.operand, rule, names, negation)}`;
    default:
      return `(${condition.operands.map((operand) => writeCondition(operand, rule, names, negation)).join(` ${condition.kind} `)})`;
  }
}

function negationError(): Error {
  return notConvertible(
    "Security Analytics finds a negated item only where its field is there; Sigma also where it is missing.",
  );
}

function hasRegex(member: Detection | Item): boolean {
  if (member.kind === "detection") return member.members.some(hasRegex);
  return member.values.some((value) => value.kind === "regex");
}

function writeDetection(detection: Detection): unknown {
  const [only, ...more] = detection.members;
  if (only !== undefined && more.length === 0) return writeMember(only);
  if (detection.linking === "all") {
    const maps = detection.members.map((member) => writeMember(member));
    const keys = maps.flatMap((map) => (isObject(map) ? Object.keys(map) : [undefined]));
    if (keys.includes(undefined)) throw notConvertible("Security Analytics does not nest selections.");
    if (new Set(keys).size === keys.length) return Object.assign({}, ...maps);
    throw notConvertible("Security Analytics takes a field once a selection.");
  }
  return detection.members.flatMap((member) => writeMember(member));
}

function writeMember(member: Detection | Item): unknown {
  if (member.kind === "detection") return writeDetection(member);
  if (member.negated) throw notConvertible("Security Analytics does not know neq.");
  const values = member.values.flatMap((value) => (value.kind === "expansion" ? value.values : [value]));
  if (member.linking === "all" && member.values.some((value) => value.kind === "expansion")) {
    throw notConvertible("Security Analytics cannot link alternatives inside all.");
  }
  const modifiers = new Set(values.map(modifierOf));
  const [modifier, ...others] = modifiers;
  if (others.length > 0) throw notConvertible("Security Analytics takes one kind of value an item.");
  const written = values.map(writeValue);
  if (member.kind === "keyword") return member.linking === "all" ? { "|all": written } : written;
  const all = member.linking === "all" && written.length > 1 ? "|all" : "";
  return { [`${member.field}${modifier ?? ""}${all}`]: written.length === 1 ? written[0] : written };
}

function modifierOf(value: Value): string {
  switch (value.kind) {
    case "regex":
      return "|re";
    case "cidr":
      return "|cidr";
    case "compare":
      return `|${value.op}`;
    default:
      return "";
  }
}

function writeValue(value: Value): unknown {
  switch (value.kind) {
    case "string":
      if (value.cased) throw notConvertible("Security Analytics does not know cased.");
      return value.parts.map(writePart).join("");
    case "number":
    case "boolean":
    case "compare":
      return value.value;
    case "null":
      return null;
    case "regex":
      if (value.flags.size > 0) throw notConvertible("Security Analytics does not know flags of regexes.");
      return regexText(value, (text) => text);
    case "cidr":
      if (value.address.length !== 4) throw notConvertible("Security Analytics knows IPv4 networks only.");
      return value.network;
    default:
      throw notConvertible(`Security Analytics does not know ${value.kind}.`);
  }
}

/** Text with its wildcards and backslashes escaped, as a rule writes it. */
function writePart(part: StringPart): string {
  if (typeof part === "string") return part.replaceAll(/[*?\\]/g, "\\$&");
  if (part.kind === "placeholder") throw notConvertible(`The placeholder %${part.name}% is not filled by a pipeline.`);
  return part.kind === "any" ? "*" : "?";
}
