import { compileTemplate } from "../template/compile-template.ts";
import { formatSimple } from "../template/format-simple.ts";
import { writeJson } from "../template/write-json.ts";
import { compileRuleGuard } from "./compile-guard.ts";
import { compilePattern, replaceAll } from "./pattern.ts";
import { type PipelineRun, type Subject, TransformationFault } from "./pipeline-run.ts";
import type { PostItem } from "./pipeline-schema.ts";
import { ruleView } from "./rule-view.ts";

type Postprocessing = (subject: Subject, run: PipelineRun, query: unknown) => unknown;

/** Compiles what changes queries after they are made. */
export function compilePostprocessing(items: readonly PostItem[]): Postprocessing {
  const steps = items.map((item, index) => {
    const id = item.id === undefined || item.id === "" ? `post ${index + 1}:${item.type}` : item.id;
    return { id, applies: compileRuleGuard(item), change: compileStep(item) };
  });
  return (subject, run, first) => {
    let query = first;
    for (const { id, applies, change } of steps) {
      if (!applies(subject, run)) continue;
      query = change(subject, run, query);
      run.applied.add(id);
    }
    return query;
  };
}

function compileStep(item: PostItem): Postprocessing {
  switch (item.type) {
    case "embed":
      return (_subject, _run, query) => item.prefix + textOf(query, item.type) + item.suffix;
    case "replace": {
      const pattern = compilePattern(item.pattern);
      return (_subject, _run, query) => replaceAll(pattern, textOf(query, item.type), item.replacement);
    }
    case "simple_template":
      return (subject, run, query) => formatSimple(item.template, contextOf(subject, run, query));
    case "template": {
      const render = compileTemplate(item.template, item.autoescape);
      return (subject, run, query) => render(contextOf(subject, run, query));
    }
    case "json": {
      const skeleton = parseJson(item.json_template);
      return (_subject, _run, query) => writeJson(withQuery(skeleton, query));
    }
    case "nest":
      return compilePostprocessing(item.items);
  }
}

function textOf(query: unknown, type: string): string {
  if (typeof query === "string") return query;
  throw new TransformationFault(`${type} changes queries that are text, and this one is not.`);
}

function contextOf(subject: Subject, run: PipelineRun, query: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ["query", query],
    ["rule", ruleView(subject)],
    [
      "pipeline",
      new Map<string, unknown>([
        ["state", run.state],
        ["vars", new Map(Object.entries(run.vars))],
      ]),
    ],
  ]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TransformationFault(
      `json_template is no JSON: ${cause instanceof Error ? cause.message : String(cause)}.`,
    );
  }
}

/** Puts the query where the skeleton says `%QUERY%`. */
function withQuery(skeleton: unknown, query: unknown): unknown {
  if (skeleton === "%QUERY%") return query;
  if (Array.isArray(skeleton)) return skeleton.map((member) => withQuery(member, query));
  if (skeleton === null || typeof skeleton !== "object") return skeleton;
  return Object.fromEntries(Object.entries(skeleton).map(([key, member]) => [key, withQuery(member, query)]));
}
