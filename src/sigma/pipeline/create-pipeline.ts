import type { Correlation, Rule } from "../ast.ts";
import { compileFinalizers } from "./compile-finalizers.ts";
import { compileGuard, type Guard } from "./compile-guard.ts";
import { compilePostprocessing } from "./compile-postprocessing.ts";
import { compileTransformation } from "./compile-transformation.ts";
import { type Lookup, type PipelineRun, type Subject, TransformationFault } from "./pipeline-run.ts";
import type { PipelineSpec, TransformationItem } from "./pipeline-schema.ts";
import type { Transformation } from "./transformation.ts";

/** One or more processing pipelines, ready to run. */
export interface Pipeline {
  readonly names: readonly string[];
  /** Transforms a rule or correlation. Rules are independent of each other. */
  readonly transform: (subject: Subject) => Transformed;
  /** Changes a query made from a transformed rule. */
  readonly postprocess: (transformed: Transformed & { readonly kind: "transformed" }, query: unknown) => unknown;
  /** Joins all queries to the output; without finalizers they are returned as they are. */
  readonly finalize: (queries: readonly unknown[]) => unknown;
}

/** A rule after its pipeline, or why the pipeline refuses it. */
export type Transformed =
  | {
      readonly kind: "transformed";
      readonly subject: Subject;
      /** Ids of the items that were applied. */
      readonly applied: ReadonlySet<string>;
      /** What `set_state` noted, for the backend. */
      readonly state: ReadonlyMap<string, unknown>;
      /** Names of fields after the pipeline, by their names before; the empty name is keywords. */
      readonly fields: ReadonlyMap<string, ReadonlySet<string>>;
    }
  | { readonly kind: "refused"; readonly reason: string; readonly item: string };

/** What pipelines may reach beyond themselves. */
export interface PipelineSettings {
  /** Rules and correlations that correlations refer to, for conditions on log sources. */
  readonly find?: (reference: string) => Rule | Correlation | undefined;
  /** Reads files, URLs or commands for placeholders. Without it pipelines that need one refuse rules. */
  readonly lookup?: Lookup;
}

/**
 * Compiles pipelines into one: lower priorities first, variables of later ones win. Throws GroupFault or
 * TransformationFault when settings mean nothing.
 */
export function createPipeline(specs: readonly PipelineSpec[], settings: PipelineSettings = {}): Pipeline {
  const ordered = specs.toSorted((a, b) => a.priority - b.priority);
  const vars = Object.assign({}, ...ordered.map((spec) => spec.vars));
  const steps = compileSteps(ordered.flatMap((spec) => spec.transformations));
  const postprocess = compilePostprocessing(ordered.flatMap((spec) => spec.postprocessing));
  const finalize = compileFinalizers(
    ordered.flatMap((spec) => spec.finalizers),
    vars,
  );
  const start = (): PipelineRun => ({
    vars,
    state: new Map(),
    applied: new Set(),
    renamed: new Map(),
    fields: { now: new Map(), from: new Map() },
    find: settings.find ?? (() => undefined),
    lookup: settings.lookup ?? refuseLookup,
    added: 0,
  });
  return {
    names: ordered.flatMap(({ name }) => name ?? []),
    transform: (subject) => runSteps(steps, subject, start()),
    postprocess: (transformed, query) => {
      const { subject, applied, state } = transformed;
      return postprocess(subject, { ...start(), applied: new Set(applied), state: new Map(state) }, query);
    },
    finalize,
  };
}

function refuseLookup(): never {
  throw new TransformationFault("Values from files, URLs and commands are not allowed here.");
}

interface Step {
  readonly id: string;
  readonly guard: Guard;
  readonly transform: Transformation;
}

function compileSteps(items: readonly TransformationItem[], prefix = ""): Step[] {
  return items.map((item, index) => {
    const id = item.id === undefined || item.id === "" ? `${prefix}${index + 1}:${item.type}` : item.id;
    const guard = compileGuard(item);
    if (item.type !== "nest") return { id, guard, transform: compileTransformation(item, { id, guard }) };
    const inner = compileSteps(item.items, `${prefix}${index + 1}.`);
    return { id, guard, transform: (subject, run) => applySteps(inner, subject, run) };
  });
}

/** The item a pipeline was at, for its refusal. */
class StepFault extends Error {
  readonly item: string;

  constructor(item: string, cause: TransformationFault) {
    super(cause.message);
    this.item = item;
  }
}

function applySteps(steps: readonly Step[], first: Subject, run: PipelineRun): Subject {
  let subject = first;
  for (const { id, guard, transform } of steps) {
    try {
      if (!guard.rule(subject, run)) continue;
      subject = transform(subject, run);
    } catch (error) {
      if (error instanceof TransformationFault) throw new StepFault(id, error);
      throw error;
    }
    run.applied.add(id);
  }
  return subject;
}

function runSteps(steps: readonly Step[], first: Subject, run: PipelineRun): Transformed {
  try {
    const subject = applySteps(steps, first, run);
    return { kind: "transformed", subject, applied: run.applied, state: run.state, fields: run.fields.now };
  } catch (error) {
    if (error instanceof StepFault) return { kind: "refused", reason: error.message, item: error.item };
    throw error;
  }
}
