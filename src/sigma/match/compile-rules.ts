import type { Document } from "../../sdk/document.ts";
import type { Logsource, Rule } from "../ast.ts";
import { compileMatcher, type Matcher } from "./compile-matcher.ts";
import { type Unmatchable, unmatchableReason } from "./unmatchable.ts";

/** What is known about where an event comes from. */
export interface EventSource {
  readonly category?: string;
  readonly product?: string;
  readonly service?: string;
}

export interface RuleMatcher {
  /**
   * The rules that match an event. With `source`, only rules whose logsource names nothing else; without, all rules. Total: any
   * object gives an answer.
   */
  match(event: Document, source?: EventSource): readonly Rule[];
  /** Rules that only a search engine can answer; they never match here. */
  readonly unmatchable: readonly Unmatchable[];
  /** How many rules are never asked for events of `source`, because their logsource names something else or more. */
  leftOut(source: EventSource | undefined): number;
}

interface Routed {
  readonly rules: readonly Rule[];
  readonly matcher: Matcher;
}

/** Different sources kept compiled at a time; the one unused longest gives way. */
const maxSources = 256;

/** Compiles a rule set; rules are routed by their logsource, and each source compiles its own part when it is first seen. */
export function compileRules(rules: readonly Rule[]): RuleMatcher {
  const unmatchable = rules.flatMap((rule): Unmatchable[] => {
    const reason = unmatchableReason(rule);
    return reason === undefined ? [] : [{ rule, reason }];
  });
  const refused = new Set(unmatchable.map(({ rule }) => rule));
  const usable = rules.filter((rule) => !refused.has(rule));
  const routed = new Map<string, Routed>();
  return {
    unmatchable,
    leftOut: (source) => usable.length - routeFor(source, usable, routed).rules.length,
    match: (event, source) => {
      const { rules: candidates, matcher } = routeFor(source, usable, routed);
      return matcher.match(event).flatMap((index) => candidates[index] ?? []);
    },
  };
}

function routeFor(source: EventSource | undefined, rules: readonly Rule[], routed: Map<string, Routed>): Routed {
  const key = source === undefined ? "" : `${fold(source.category)}|${fold(source.product)}|${fold(source.service)}`;
  const known = routed.get(key);
  if (known !== undefined) {
    routed.delete(key);
    routed.set(key, known);
    return known;
  }
  const applicable = source === undefined ? rules : rules.filter((rule) => appliesTo(rule.logsource, source));
  const made = { rules: applicable, matcher: compileMatcher(applicable) };
  const [oldest] = routed.keys();
  if (routed.size >= maxSources && oldest !== undefined) routed.delete(oldest);
  routed.set(key, made);
  return made;
}

/** Whether a rule's logsource asks for nothing that the event's source is not. */
function appliesTo(logsource: Logsource, source: EventSource): boolean {
  return (
    fits(logsource.category, source.category) &&
    fits(logsource.product, source.product) &&
    fits(logsource.service, source.service)
  );
}

function fits(asked: string | undefined, given: string | undefined): boolean {
  return asked === undefined || (given !== undefined && fold(asked) === fold(given));
}

function fold(name: string | undefined): string {
  return (name ?? "").toLowerCase();
}
