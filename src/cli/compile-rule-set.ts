import type { DetectionRule, Fired, MatchedDocument, RuleSet } from "../detect/rule-set.ts";
import { compileTrim } from "../detect/trim-document.ts";
import type { AlertRule } from "../event/alert.ts";
import {
  type Correlation,
  type CorrelationAlert,
  type CorrelatorSettings,
  compileRules,
  createCorrelator,
  lastingNames,
  type Rule,
  type RuleMatcher,
} from "../sigma/index.ts";

/** Rules with their pipelines applied. */
export interface ReadyRules {
  /** Asked about labelled events. */
  readonly label: readonly Rule[];
  /** Asked about verdicts; a rule may be in both. */
  readonly verdict: readonly Rule[];
  readonly correlations: readonly Correlation[];
}

/** Makes rule sets that share what is compiled, each with correlations of its own; `own` settings go before the common ones. */
export type RuleSetFactory = (own?: Partial<CorrelatorSettings>) => RuleSet;

/** Compiles Sigma rules for detection. Throws as `createCorrelator`. */
export function compileRuleSet(ready: ReadyRules, settings: CorrelatorSettings): RuleSetFactory {
  const rules = [...new Set([...ready.label, ...ready.verdict])];
  const names = lastingNames<Rule | Correlation>([...rules, ...ready.correlations]);
  const whole = createCorrelator(rules, ready.correlations, settings);
  const facts = new Map<Rule | Correlation, DetectionRule>();
  const byId = new Map<string, Rule>();
  for (const [target, name] of names) {
    facts.set(target, { ...factsOf(target, name), isSilent: whole.isSilent(target) });
    if (target.kind === "rule") byId.set(name, target);
  }
  const matchers = { label: compileRules(ready.label), verdict: compileRules(ready.verdict) };
  const trim = compileTrim(ready.correlations.flatMap(fieldsOf));
  const fired = (alerts: readonly CorrelationAlert[]): Fired[] =>
    alerts.flatMap(({ correlation, time, group, events }) => {
      const rule = facts.get(correlation);
      return rule === undefined ? [] : [{ rule, timeMs: time, group, documents: events.map(({ event }) => event) }];
    });
  return (own) => {
    const correlator = createCorrelator(rules, ready.correlations, { ...settings, ...own });
    return {
      match: (document, kind) => matchesOf(matchers[kind], document, facts),
      hasCorrelations: ready.correlations.length > 0,
      trim,
      push: (matched) => fired(correlator.push(toMatchedEvent(matched, byId))),
      placesOf: (matched) => correlator.placesOf(toMatchedEvent(matched, byId)),
      get lateEvents() {
        return correlator.counts().lateEvents;
      },
      get nextMs() {
        return correlator.nextTime();
      },
      advance: (untilMs, most) => fired(correlator.advance(untilMs, most)),
      save: () => correlator.save(),
      restore: (saved) => correlator.restore(saved),
    };
  };
}

/** The fields that a correlation reads. */
function fieldsOf({ groupBy, aliases, measure }: Correlation): readonly string[] {
  const aliased = [...aliases.values()].flatMap((fields) => [...fields.values()]);
  if ("fields" in measure) return [...groupBy, ...aliased, ...measure.fields];
  return "field" in measure ? [...groupBy, ...aliased, measure.field] : [...groupBy, ...aliased];
}

function matchesOf(
  matcher: RuleMatcher,
  document: Readonly<Record<string, unknown>>,
  facts: ReadonlyMap<Rule | Correlation, DetectionRule>,
): readonly DetectionRule[] {
  return matcher.match(document).flatMap((rule) => facts.get(rule) ?? []);
}

function toMatchedEvent({ document, timeMs, order, rules }: MatchedDocument, byId: ReadonlyMap<string, Rule>) {
  const matched = { event: document, time: timeMs, rules: rules.flatMap((id) => byId.get(id) ?? []) };
  return order === undefined ? matched : { ...matched, order };
}

/** A rule without a level is as bad as Kibana takes one for: medium. */
function factsOf({ metadata }: Rule | Correlation, id: string): AlertRule {
  const { title, level = "medium", date, modified = date } = metadata;
  return { id, name: title, level, ...(modified !== undefined && { version: modified }) };
}
