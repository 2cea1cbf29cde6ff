import type { Condition, Detection, Item, Rule } from "../ast.ts";
import { selectionsOf } from "../parse/select.ts";
import { TransformationFault } from "./pipeline-run.ts";

/** What becomes of an item. */
export type ItemChange = Item | Detection | "keep" | "drop";

/** Changes the items of a rule; what was changed carries the id of the pipeline item. Dropped items leave no trace. */
export function mapItems(rule: Rule, id: string, change: (item: Item) => ItemChange): Rule {
  const detections = new Map<string, Detection>();
  let changed = false;
  for (const [name, detection] of rule.detections) {
    const mapped = mapDetection(detection, id, change);
    if (mapped !== detection) changed = true;
    if (mapped !== undefined) detections.set(name, mapped);
  }
  if (!changed) return rule;
  const mapped = { ...rule, detections };
  return detections.size === rule.detections.size ? mapped : withoutSelections(mapped, rule);
}

function mapDetection(detection: Detection, id: string, change: (item: Item) => ItemChange): Detection | undefined {
  let changed = false;
  const members = detection.members.flatMap((member): readonly (Detection | Item)[] => {
    const mapped = member.kind === "detection" ? mapDetection(member, id, change) : changeItem(member, id, change);
    if (mapped !== member) changed = true;
    return mapped === undefined ? [] : [mapped];
  });
  if (!changed) return detection;
  return members.length === 0 ? undefined : { ...detection, members };
}

function changeItem(item: Item, id: string, change: (item: Item) => ItemChange): Detection | Item | undefined {
  const changed = change(item);
  if (changed === "keep") return item;
  return changed === "drop" ? undefined : marked(changed, id);
}

function marked<Node extends Detection | Item>(node: Node, id: string): Node {
  if (node.kind === "detection") return { ...node, members: node.members.map((member) => marked(member, id)) };
  return node.applied?.includes(id) ? node : { ...node, applied: [...(node.applied ?? []), id] };
}

/** Takes selections that lost their last item out of the conditions. */
function withoutSelections(rule: Rule, before: Rule): Rule {
  const conditions = rule.conditions.flatMap((condition): readonly Condition[] => {
    const kept = prune(condition, rule, before);
    return kept === undefined ? [] : [kept];
  });
  if (conditions.length === 0) throw new TransformationFault("Nothing is left of the condition.");
  return { ...rule, conditions };
}

function prune(condition: Condition, rule: Rule, before: Rule): Condition | undefined {
  switch (condition.kind) {
    case "selection":
      return rule.detections.has(condition.name) || !before.detections.has(condition.name) ? condition : undefined;
    case "of":
      return selectionsOf(condition.pattern, rule.detections).length > 0 ? condition : undefined;
    case "not": {
      const operand = prune(condition.operand, rule, before);
      return operand && { ...condition, operand };
    }
    case "and":
    case "or": {
      const operands = condition.operands.flatMap((operand) => prune(operand, rule, before) ?? []);
      return operands.length > 1 ? { ...condition, operands } : operands[0];
    }
  }
}
