import { createHash } from "node:crypto";
import type { Config } from "../config/config-schema.ts";
import { createDetectStage, type DetectSettings, type DetectStage } from "../detect/detect-stage.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { defaultTrackerSettings } from "../session/tracker-settings.ts";
import {
  type Collection,
  type CorrelatorSettings,
  createPipeline,
  loadCollection,
  type Rule,
  type SigmaText,
  unmatchableReason,
} from "../sigma/index.ts";
import { compileRuleSet, type RuleSetFactory } from "./compile-rule-set.ts";
import { readSigmaTexts } from "./read-sigma.ts";
import { applyPipelines, finder, loadPipeline } from "./sigma-rules.ts";

type DetectConfig = NonNullable<Config["detect"]>;

/** Rules of a configuration, in use. */
interface RulesInUse {
  /** Rules and correlations. */
  readonly size: () => number;
  /** Rules that are left out, and why. */
  readonly warnings: readonly string[];
  /** Reads the rules again and goes on with them; throws TagsmithError and goes on with the old ones. */
  readonly reload: () => void;
}

/** Detection of a run. */
export interface OpenDetection extends RulesInUse {
  readonly stage: DetectStage;
}

/** What a stage has of its own. */
export interface StageSettings extends Pick<DetectSettings, "forward" | "maxSeen"> {
  readonly correlations?: Partial<CorrelatorSettings>;
}

/** Makes stages that ask the same rules. */
export interface StageFactory extends RulesInUse {
  /** Names the text of the rules in use. */
  readonly fingerprint: () => string;
  create(own?: StageSettings): DetectStage;
  /** One that is not used any more. */
  drop(stage: DetectStage): void;
}

/** Reads the rules of a configuration. Throws `detect_rules_invalid`, `sigma_*`. */
export function openDetection(detect: DetectConfig, model: string, around: Surroundings = {}): OpenDetection {
  const stages = openDetectStages(detect, model, around);
  return { ...stages, stage: stages.create() };
}

/** What rules do not say. */
interface Surroundings extends Pick<DetectSettings, "onLate"> {
  readonly now?: () => number;
}

/** As `openDetection`, for any number of stages. */
export function openDetectStages(
  detect: DetectConfig,
  model: string,
  { now = () => Date.now(), onLate }: Surroundings = {},
): StageFactory {
  const latestMs = (): number => now() + defaultTrackerSettings.maxFutureSecs * 1_000;
  let loaded = loadRules(detect);
  const made = new Map<DetectStage, StageSettings["correlations"]>();
  return {
    size: () => loaded.size,
    warnings: loaded.warnings,
    fingerprint: () => loaded.fingerprint,
    create({ correlations, ...own } = {}) {
      const common = { model, latenessMs: detect.lateness_secs * 1_000, latestMs, ...(onLate && { onLate }) };
      const stage = createDetectStage(loaded.rules(correlations), { ...common, ...own });
      made.set(stage, correlations);
      return stage;
    },
    drop: (stage) => void made.delete(stage),
    reload() {
      const next = loadRules(detect);
      for (const [stage, correlations] of made) stage.replace(next.rules(correlations));
      loaded = next;
    },
  };
}

interface LoadedRules {
  readonly rules: RuleSetFactory;
  readonly size: number;
  readonly warnings: readonly string[];
  readonly fingerprint: string;
}

/** Rules over tags and verdicts, and rules for the logs that are normalized, each by the names it uses. */
function loadRules(detect: DetectConfig): LoadedRules {
  const texts = readSigmaTexts(detect.rules);
  const collection = loadCollection(texts);
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
  const warnings = [...applied.refusals, ...unmatchable].map((why) => `a rule is left out: ${why}`);
  const size = all.length + applied.correlations.length;
  return { rules, size, warnings, fingerprint: fingerprintOf(texts) };
}

/** Where the files lie does not matter. */
function fingerprintOf(texts: readonly SigmaText[]): string {
  const sorted = texts.map(({ text }) => text).sort();
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 16);
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
