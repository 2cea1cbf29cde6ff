import type { Document } from "../../sdk/document.ts";
import type { Rule } from "../ast.ts";
import { AtomTable } from "./atom-table.ts";
import { EventScan, type ScanLayout } from "./event-scan.ts";
import { buildFieldTrie } from "./field-trie.ts";
import { type Plan, planRule } from "./plan-rule.ts";
import { unmatchableReason } from "./unmatchable.ts";

/** Matches events against a fixed list of rules. */
export interface Matcher {
  /** Positions, in the list, of the rules that match the event, ascending. Total: any object gives an answer. */
  match(event: Document): readonly number[];
}

/**
 * Compiles rules to one matcher. All leaves of an event are looked up once, in indexes that all rules share; a rule is asked only
 * when one of the values it cannot do without was found. Rules that cannot be matched here never match; `unmatchableReason`
 * names them.
 */
export function compileMatcher(rules: readonly Rule[]): Matcher {
  const table = new AtomTable();
  const plans = rules.map((rule) => tryPlan(rule, table));
  const scan = new EventScan(layOut(table, plans));
  const always = plans.flatMap((plan, rule) => (plan !== undefined && plan.triggers === undefined ? [rule] : []));
  return {
    match: (event) => {
      const announced = scan.read(event);
      const matched: number[] = [];
      for (const candidates of [announced, always]) {
        for (const rule of candidates) if (plans[rule]?.ask(scan) === true) matched.push(rule);
      }
      return matched.length < 2 ? matched : matched.sort((a, b) => a - b);
    },
  };
}

function tryPlan(rule: Rule, table: AtomTable): Plan | undefined {
  return unmatchableReason(rule) === undefined ? planRule(rule, table) : undefined;
}

function layOut(table: AtomTable, plans: readonly (Plan | undefined)[]): ScanLayout {
  const triggered = new Array<number[] | undefined>(table.size).fill(undefined);
  plans.forEach((plan, rule) => {
    for (const atom of plan?.triggers ?? []) {
      const rules = triggered[atom];
      if (rules === undefined) triggered[atom] = [rule];
      else rules.push(rule);
    }
  });
  const fields = [...table.fields.values()];
  const fieldIndex = new Map(fields.map((slot) => [slot.name, slot.index]));
  return {
    atoms: table.size,
    root: buildFieldTrie(fieldIndex),
    fields: fields.map((slot) => ({ index: slot.builder.build(), presence: slot.presence })),
    fieldIndex,
    keywords: table.hasKeywords ? table.keywords.build() : undefined,
    lazy: table.lazy,
    triggered,
    rules: plans.length,
  };
}
