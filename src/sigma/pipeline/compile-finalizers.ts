import { stringify } from "yaml";
import { compileTemplate } from "../template/compile-template.ts";
import { writeJson } from "../template/write-json.ts";
import { TransformationFault } from "./pipeline-run.ts";
import type { FinalizerItem } from "./pipeline-schema.ts";

type Finalizer = (queries: unknown) => unknown;

/** Compiles what joins all queries to one output, one finalizer behind the other. */
export function compileFinalizers(items: readonly FinalizerItem[], vars: Readonly<Record<string, unknown>>): Finalizer {
  const steps = items.map((item) => compileFinalizer(item, vars));
  return (queries) => steps.reduce((output, step) => step(output), queries);
}

function compileFinalizer(item: FinalizerItem, vars: Readonly<Record<string, unknown>>): Finalizer {
  switch (item.type) {
    case "concat":
      return (queries) => item.prefix + listOf(queries).map(String).join(item.separator) + item.suffix;
    case "json":
      return (queries) => writeJson(queries, { indent: item.indent });
    case "yaml":
      return (queries) => stringify(queries, item.indent === undefined ? {} : { indent: item.indent });
    case "template": {
      const render = compileTemplate(item.template, item.autoescape);
      const pipeline = new Map<string, unknown>([
        ["vars", new Map(Object.entries(vars))],
        ["state", new Map()],
      ]);
      return (queries) =>
        render(
          new Map<string, unknown>([
            ["queries", queries],
            ["pipeline", pipeline],
          ]),
        );
    }
    case "nested":
      return compileFinalizers(item.finalizers, vars);
  }
}

function listOf(queries: unknown): readonly unknown[] {
  if (Array.isArray(queries)) return queries;
  throw new TransformationFault("concat joins a list of queries; put it before the finalizers that make a text.");
}
