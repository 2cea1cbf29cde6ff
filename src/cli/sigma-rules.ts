import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { TagsmithError } from "../event/tagsmith-error.ts";
import {
  type Collection,
  type Correlation,
  createPipeline,
  loadCollection,
  type Pipeline,
  type PipelineSpec,
  parsePipeline,
  type Rule,
  type Transformed,
} from "../sigma/index.ts";
import { bundled } from "./paths.ts";
import { readSigmaTexts } from "./read-sigma.ts";
import { printable, type Terminal } from "./terminal.ts";

/** A rule or correlation with its pipelines applied, ready to be matched or converted. */
export interface Prepared<Subject extends Rule | Correlation> {
  readonly subject: Subject;
  /** What `set_state` of the pipelines noted. */
  readonly state: ReadonlyMap<string, unknown>;
  /** Runs the pipelines' postprocessing on a query of this rule. */
  readonly postprocess: (query: unknown) => unknown;
}

export interface PreparedRules {
  readonly rules: readonly Prepared<Rule>[];
  /** After the rules and correlations they refer to; those that refer to something refused are left out. */
  readonly correlations: readonly Prepared<Correlation>[];
  /** Files with errors and rules a pipeline refused; they are on standard error. */
  readonly refused: number;
  /** Joins queries as the pipelines' finalizers say. */
  readonly finalize: (queries: readonly unknown[]) => unknown;
}

/** Reads rules and applies pipelines; what cannot be used is reported on standard error and left out. */
export function prepareSigmaRules(
  paths: readonly string[],
  pipelinePaths: readonly string[],
  terminal: Terminal,
): PreparedRules {
  const collection = loadCollection(readSigmaTexts(paths));
  const errors = collection.problems.filter(({ severity }) => severity === "error");
  for (const { file, line, column, code, message } of errors) {
    terminal.err.write(`${printable(`${file}:${line}:${column}: ${code}: ${message}`, 1_000)}\n`);
  }
  const pipeline = createPipeline(pipelinePaths.map(loadPipeline), { find: finder(collection) });
  const applied = applyPipelines(collection, () => pipeline);
  for (const refusal of applied.refusals) terminal.err.write(`${printable(refusal, 1_000)}\n`);
  const files = new Set(errors.map(({ file }) => file)).size;
  const refused = files + applied.refusals.length;
  return { rules: applied.rules, correlations: applied.correlations, refused, finalize: pipeline.finalize };
}

/** Applies pipelines, to each rule or correlation its own; `refusals` says what was left out and why. */
export function applyPipelines(
  collection: Collection,
  pipelineFor: (subject: Rule | Correlation) => Pipeline,
): Omit<PreparedRules, "refused" | "finalize"> & { readonly refusals: readonly string[] } {
  const refusals: string[] = [];
  const rules = collection.rules.flatMap((rule): Prepared<Rule>[] => {
    const pipeline = pipelineFor(rule);
    const transformed = pipeline.transform(rule);
    if (transformed.kind === "transformed" && transformed.subject.kind === "rule") {
      return [prepared(transformed, transformed.subject, pipeline)];
    }
    refusals.push(refusalText(rule.metadata.title, transformed));
    return [];
  });
  const correlations = prepareCorrelations(collection, rules, pipelineFor, refusals);
  return { rules, correlations, refusals };
}

function prepared<Subject extends Rule | Correlation>(
  transformed: Transformed & { readonly kind: "transformed" },
  subject: Subject,
  pipeline: Pipeline,
): Prepared<Subject> {
  const postprocess = (query: unknown): unknown => pipeline.postprocess(transformed, query);
  return { subject, state: transformed.state, postprocess };
}

/** What pipelines may look up: rules and correlations by id or name. */
export function finder({ rules, correlations }: Collection): (reference: string) => Rule | Correlation | undefined {
  const known = new Map<string, Rule | Correlation>();
  for (const each of [...rules, ...correlations]) for (const name of namesOf(each)) known.set(name, each);
  return (reference) => known.get(reference.toLowerCase());
}

function namesOf({ metadata: { id, name } }: Rule | Correlation): string[] {
  return [id, name].flatMap((each) => each?.toLowerCase() ?? []);
}

function prepareCorrelations(
  collection: Collection,
  rules: readonly Prepared<Rule>[],
  pipelineFor: (subject: Correlation) => Pipeline,
  refusals: string[],
): readonly Prepared<Correlation>[] {
  const usable = new Set(rules.flatMap(({ subject }) => namesOf(subject)));
  return collection.correlations.flatMap((correlation): Prepared<Correlation>[] => {
    if (!correlation.rules.every((reference) => usable.has(reference.toLowerCase()))) {
      refusals.push(`${correlation.metadata.title}: a rule it refers to is refused`);
      return [];
    }
    const pipeline = pipelineFor(correlation);
    const transformed = pipeline.transform(correlation);
    if (transformed.kind !== "transformed" || transformed.subject.kind !== "correlation") {
      refusals.push(refusalText(correlation.metadata.title, transformed));
      return [];
    }
    for (const name of namesOf(correlation)) usable.add(name);
    return [prepared(transformed, transformed.subject, pipeline)];
  });
}

function refusalText(title: string, transformed: Transformed): string {
  const reason = transformed.kind === "refused" ? transformed.reason : "it is of another kind afterwards";
  return `${title}: refused by the pipeline: ${reason}`;
}

/** A pipeline file, or one that comes with Tagsmith by its name alone. */
export function loadPipeline(name: string): PipelineSpec {
  const isName = /^[a-z0-9-]+$/.test(name) && !existsSync(name);
  const path = isName ? bundled.pipeline(name) : name;
  if (isName && !existsSync(path)) throw unknownPipeline(name, dirname(path));
  const parsed = parsePipeline(readText(path), path);
  if (parsed.kind === "parsed") return parsed.spec;
  const why = parsed.problems.map(({ line, message }) => `line ${line}: ${message}`).join("; ");
  throw new TagsmithError("sigma_pipeline_invalid", `${path}: ${why}`, "exit");
}

function unknownPipeline(name: string, folder: string): TagsmithError {
  const names = readdirSync(folder).map((file) => basename(file, ".yaml"));
  const message = `there is no file and no bundled pipeline "${name}"; bundled are ${names.sort().join(", ")}.`;
  return new TagsmithError("sigma_unreadable", message, "exit");
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new TagsmithError("sigma_unreadable", `${path}: cannot be read: ${String(cause)}`, "exit", cause);
  }
}
