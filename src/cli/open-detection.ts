import type { Config } from "../config/config-schema.ts";
import { createDetectStage, type DetectStage } from "../detect/detect-stage.ts";
import type { RuleSet } from "../detect/rule-set.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { type Collection, createPipeline, loadCollection, type Rule, unmatchableReason } from "../sigma/index.ts";
import { compileRuleSet } from "./compile-rule-set.ts";
import { readSigmaTexts } from "./read-sigma.ts";
import { applyPipelines, finder, loadPipeline } from "./sigma-rules.ts";

type DetectConfig = NonNullable<Config["detect"]>;

/** Detection of a run. */
export interface OpenDetection {
  readonly stage: DetectStage;
  /** Rules and correlations in use. */
  readonly size: () => number;
  /** Rules that are left out, and why. */
  readonly warnings: readonly string[];
  /** Reads the rules again and goes on with them; throws TagsmithError and goes on with the old ones. */
  readonly reload: () => void;
}

/** Reads the rules of a configuration. Throws `detect_rules_invalid`, `sigma_*`. */
export function openDetection(detect: DetectConfig, model: string): OpenDetection {
  let loaded = loadRuleSet(detect);
  const stage = createDetectStage(loaded.rules, { model, latenessMs: detect.lateness_secs * 1_000 });
  return {
    stage,
    size: () => loaded.rules.size,
    warnings: loaded.warnings,
    reload: () => {
      const next = loadRuleSet(detect);
      stage.replace(next.rules);
      loaded = next;
    },
  };
}

/** Rules over tags and verdicts, and rules for the logs that are normalized, each by the names it uses. */
function loadRuleSet(detect: DetectConfig): { readonly rules: RuleSet; readonly warnings: readonly string[] } {
  const collection = loadCollection(readSigmaTexts(detect.rules));
  refuseErrors(collection);
  const find = finder(collection);
  const [behaviour, events] = [loadPipeline("tagsmith"), loadPipeline("tagsmith-events")];
  const pipelines = {
    behaviour: createPipeline([behaviour], { find }),
    events: createPipeline([events], { find }),
    both: createPipeline([behaviour, events], { find }),
  };
  const applied = applyPipelines(collection, (subject) => {
    if (subject.kind === "correlation") return pipelines.both;
    return isOverBehaviour(subject) ? pipelines.behaviour : pipelines.events;
  });
  const all = applied.rules.map(({ subject }) => subject);
  const rules = compileRuleSet(
    {
      label: all.filter((rule) => !isOver(rule, "verdict")),
      verdict: all.filter((rule) => isOverBehaviour(rule) && !isOver(rule, "label")),
      correlations: applied.correlations.map(({ subject }) => subject),
    },
    {
      maxLatenessMs: detect.lateness_secs * 1_000,
      suppressMs: detect.suppress_secs * 1_000,
      maxGroups: detect.max_groups,
      maxEventsAGroup: detect.max_events_a_group,
    },
  );
  const unmatchable = all.flatMap((rule) => {
    const reason = unmatchableReason(rule);
    return reason === undefined ? [] : [`${rule.metadata.title}: cannot be matched here: ${reason}`];
  });
  return { rules, warnings: [...applied.refusals, ...unmatchable].map((why) => `a rule is left out: ${why}`) };
}

function isOverBehaviour({ logsource: { product } }: Rule): boolean {
  return product?.toLowerCase() === "tagsmith";
}

function isOver(rule: Rule, category: "label" | "verdict"): boolean {
  return isOverBehaviour(rule) && rule.logsource.category?.toLowerCase() === category;
}

/** A rule that cannot be read would be missed in silence. */
function refuseErrors({ problems }: Collection): void {
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return;
  const lines = errors.map(
    ({ file, line, column, code, message, hint }) => `${file}:${line}:${column}: ${code}: ${message} ${hint}`,
  );
  throw new TagsmithError("detect_rules_invalid", lines.join("\n"), "exit");
}
