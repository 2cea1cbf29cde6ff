import type { Document } from "../../sdk/document.ts";
import type { Rule } from "../ast.ts";
import { interpretRule } from "./interpret-rule.ts";
import { unmatchableReason } from "./unmatchable.ts";

/**
 * Whether one rule matches one event. Total: a rule that only a search engine can answer never matches (see
 * `unmatchableReason`). Nothing is compiled; for many events or rules `compileRules` is faster by orders of magnitude.
 */
export function match(rule: Rule, event: Document): boolean {
  return unmatchableReason(rule) === undefined && interpretRule(rule, event);
}
