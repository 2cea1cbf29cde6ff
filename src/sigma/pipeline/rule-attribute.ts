import type { Level, Status } from "../ast.ts";
import { ordered } from "./compare-state.ts";
import type { RuleCondition } from "./condition-schema.ts";
import { type Subject, TransformationFault } from "./pipeline-run.ts";

type AttributeCondition = RuleCondition & { readonly type: "rule_attribute" };

const statuses: readonly Status[] = ["unsupported", "deprecated", "experimental", "test", "stable"];
const levels: readonly Level[] = ["informational", "low", "medium", "high", "critical"];

/** Compares an attribute of a rule: texts for equality, lists for membership, levels, statuses, dates and numbers in order. */
export function testAttribute({ attribute, value: wanted, op }: AttributeCondition, { metadata }: Subject): boolean {
  const attributes: ReadonlyMap<string, unknown> = new Map(
    Object.entries({ ...metadata.custom, ...metadata, custom_attributes: undefined, custom: undefined }),
  );
  const value = attributes.get(attribute);
  if (value === undefined) return false;
  if (Array.isArray(value))
    return op === "in" ? value.includes(wanted) : op === "not_in" ? !value.includes(wanted) : op === "ne";
  if (op === "in" || op === "not_in") throw unusable(attribute, op);
  if (op === "eq") return same(attribute, value, wanted);
  if (op === "ne") return !same(attribute, value, wanted);
  const [left, right] = ranks(attribute, value, wanted);
  if (left === undefined || right === undefined) throw unusable(attribute, op);
  return ordered(op, left < right, left === right);
}

function same(attribute: string, value: unknown, wanted: string | number): boolean {
  const folded = attribute === "level" || attribute === "status" ? String(wanted).toLowerCase() : wanted;
  return typeof value === "number" ? value === Number(wanted) : value === folded;
}

/** Places in an order, or undefined where there is none. */
function ranks(attribute: string, value: unknown, wanted: string | number): readonly (number | undefined)[] {
  const known = (order: readonly string[]) => (name: unknown) => {
    const rank = order.indexOf(String(name).toLowerCase());
    return rank < 0 ? undefined : rank;
  };
  const day = (text: unknown): number | undefined => {
    const time = Date.parse(`${String(text)}T00:00:00Z`);
    return Number.isNaN(time) ? undefined : time;
  };
  const number = (text: unknown): number | undefined => {
    const parsed = Number(text);
    return typeof value === "number" && Number.isFinite(parsed) ? parsed : undefined;
  };
  const orders = new Map([
    ["level", known(levels)],
    ["status", known(statuses)],
    ["date", day],
    ["modified", day],
  ]);
  return [value, wanted].map(orders.get(attribute) ?? number);
}

function unusable(attribute: string, op: string): TransformationFault {
  return new TransformationFault(`The attribute ${attribute} cannot be compared with ${op}.`);
}
