import type { z } from "zod";
import { createPlacer, locateFindings } from "../parse/locate.ts";
import { readYaml } from "../parse/read-yaml.ts";
import { isMap, toPlain } from "../parse/yaml-value.ts";
import type { Finding, PathKey, Problem } from "../problem.ts";
import { GroupFault } from "./condition-group.ts";
import { createPipeline } from "./create-pipeline.ts";
import { TransformationFault } from "./pipeline-run.ts";
import { type PipelineSpec, pipelineSchema } from "./pipeline-schema.ts";

/** A pipeline file, or what is wrong with it. */
export type ParsedPipeline =
  | { readonly kind: "parsed"; readonly spec: PipelineSpec }
  | { readonly kind: "refused"; readonly problems: readonly Problem[] };

/** Reads a processing pipeline in pySigma's YAML format. Never throws. */
export function parsePipeline(text: string, file?: string): ParsedPipeline {
  const [document, another] = readYaml(text);
  if (document === undefined || another !== undefined)
    return refused(text, file, [finding([], "A pipeline file holds one document.")]);
  if (document.kind === "broken") {
    const place = createPlacer(text, file);
    const problems = document.faults.map(({ position, ...fault }) =>
      place({ severity: "error", document: 0, path: [], ...fault }, position),
    );
    return { kind: "refused", problems };
  }
  if (!isMap(document.value)) return refused(text, file, [finding([], "A pipeline is a map.")]);
  const parsed = pipelineSchema.safeParse(toPlain(document.value));
  if (!parsed.success)
    return refused(
      text,
      file,
      parsed.error.issues.flatMap((issue) => issueFindings(issue, [])),
    );
  const fault = compileFault(parsed.data);
  return fault === undefined ? { kind: "parsed", spec: parsed.data } : refused(text, file, [fault]);
}

function refused(text: string, file: string | undefined, findings: readonly Finding[]): ParsedPipeline {
  return { kind: "refused", problems: locateFindings(text, findings, file) };
}

/** The one code of a pipeline's problems; the message says the rest. */
const invalid = "pipeline_invalid";

function finding(path: readonly PathKey[], message: string): Finding {
  const hint = "docs/sigma.md shows what pipelines are made of.";
  return { severity: "error", code: invalid, message, hint, document: 0, path };
}

/** Of a union, the branch that gets furthest says most. */
function issueFindings(issue: z.core.$ZodIssue, above: readonly PathKey[]): Finding[] {
  const path = [...above, ...issue.path.filter((key) => typeof key !== "symbol")];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [finding(path, `${issue.message}.`)];
  const deepest = issue.errors
    .map((issues) => issues.flatMap((inner) => issueFindings(inner, path)))
    .toSorted((a, b) => depth(b) - depth(a));
  return deepest[0] ?? [finding(path, `${issue.message}.`)];
}

function depth(findings: readonly Finding[]): number {
  return Math.max(0, ...findings.map(({ path }) => path.length));
}

/** Regular expressions, templates and condition groups are compiled once to see whether they can be. */
function compileFault(spec: PipelineSpec): Finding | undefined {
  const parts = (["transformations", "postprocessing", "finalizers"] as const).flatMap((part) =>
    spec[part].map((item, index) => ({ path: [part, index], spec: { ...emptySpec, vars: spec.vars, [part]: [item] } })),
  );
  for (const { path, spec: one } of parts) {
    try {
      createPipeline([one]);
    } catch (error) {
      if (error instanceof GroupFault || error instanceof TransformationFault) return finding(path, error.message);
      throw error;
    }
  }
  return undefined;
}

const emptySpec: PipelineSpec = {
  priority: 0,
  vars: {},
  allowed_backends: [],
  transformations: [],
  postprocessing: [],
  finalizers: [],
};
