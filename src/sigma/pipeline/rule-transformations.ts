import type { Condition, Detection, Item, Logsource, Rule } from "../ast.ts";
import { parseSelection } from "../parse/parse-detection.ts";
import type { YamlValue } from "../parse/yaml-value.ts";
import { createBudget, type Report } from "../problem.ts";
import { type PipelineRun, TransformationFault } from "./pipeline-run.ts";
import type { SimpleItem } from "./pipeline-schema.ts";
import type { Setting, Transformation } from "./transformation.ts";

type ItemOf<Type extends SimpleItem["type"]> = SimpleItem & { readonly type: Type };

/** `add_condition`: every condition of a rule must hold with these items too (or without them, when negated). */
export function addCondition(item: ItemOf<"add_condition">, { id }: Setting): Transformation {
  return (subject, run) => {
    if (subject.kind === "correlation") return subject;
    run.added += 1;
    const name = item.name ?? `_cond_${run.added}`;
    const selection = readConditions(item, subject.logsource, id);
    const own: Condition = { kind: "selection", name };
    const added: Condition = item.negated ? { kind: "not", operand: own } : own;
    const conditions = subject.conditions.map(
      (condition): Condition => ({ kind: "and", operands: [added, condition] }),
    );
    return { ...subject, detections: new Map([...subject.detections, [name, selection]]), conditions };
  };
}

function readConditions(
  { conditions, template }: ItemOf<"add_condition">,
  logsource: Logsource,
  id: string,
): Detection {
  const fill = (value: YamlValue): YamlValue =>
    typeof value === "string" && template ? fillLogsource(value, logsource) : value;
  const map = new Map(
    Object.entries(conditions).map(([key, value]): [string, YamlValue] => [
      key,
      Array.isArray(value) ? value.map(fill) : fill(value),
    ]),
  );
  const report: Report = { document: 0, findings: [], budget: createBudget() };
  const selection = parseSelection(map, report);
  if (selection === undefined) throw new TransformationFault(report.findings.map(({ message }) => message).join(" "));
  return { ...selection, members: selection.members.map((member) => ({ ...member, applied: [id] })) };
}

const logsourceKeys = ["category", "product", "service"] as const;

/** `$category`, `${product}`, `$service`; `$$` is a dollar, anything else stays. */
function fillLogsource(text: string, logsource: Logsource): string {
  return text.replace(/\$(?:\$|(?:category|product|service)\b|\{(?:category|product|service)\})/g, (found) => {
    const key = logsourceKeys.find((name) => found.includes(name));
    return key === undefined ? "$" : (logsource[key] ?? "None");
  });
}

/** `change_logsource`: another log source in place of the rule's. */
export function changeLogsource({ category, product, service }: ItemOf<"change_logsource">): Transformation {
  const logsource: Logsource = Object.fromEntries(
    Object.entries({ category, product, service }).filter(([, name]) => name !== undefined),
  );
  return (subject) => (subject.kind === "rule" ? { ...subject, logsource } : subject);
}

/** `set_state`: a note for later items, post-processing and the backend. */
export function setState({ key, val }: ItemOf<"set_state">): Transformation {
  return (subject, run) => {
    run.state.set(key, val);
    return subject;
  };
}

/** `set_custom_attribute`: a key of the rule that Sigma does not name. */
export function setCustomAttribute({ attribute, value }: ItemOf<"set_custom_attribute">): Transformation {
  return (subject) => {
    const custom = { ...subject.metadata.custom, [attribute]: value };
    return { ...subject, metadata: { ...subject.metadata, custom } };
  };
}

/** `rule_failure`: refuses a rule. */
export function refuseRule(message: string): Transformation {
  return () => {
    throw new TransformationFault(message);
  };
}

/** `strict_field_mapping_failure`: refuses a rule with a field that no item before has renamed. */
export function refuseUnmapped(): Transformation {
  return (subject, run) => {
    if (subject.kind === "correlation") return subject;
    const unmapped = [...fieldsOf(subject)].filter((field) => !isMapped(field, run));
    if (unmapped.length === 0) return subject;
    throw new TransformationFault(`These fields are not mapped: ${unmapped.join(", ")}.`);
  };
}

function isMapped(field: string, { fields }: PipelineRun): boolean {
  return fields.now.has(field) || fields.from.has(field);
}

function fieldsOf(rule: Rule): Set<string> {
  const names = new Set<string>();
  const visit = (node: Detection | Item): void => {
    if (node.kind === "detection") for (const member of node.members) visit(member);
    else if (node.kind === "field") names.add(node.field);
  };
  for (const detection of rule.detections.values()) visit(detection);
  return names;
}
