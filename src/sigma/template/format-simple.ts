import { TransformationFault } from "../pipeline/pipeline-run.ts";
import { bounded } from "./functions.ts";
import { display, memberOf, type Scope } from "./template-value.ts";

/**
 * Fills `{query}`, `{rule.title}` and `{pipeline.state[index]}`; `{{` and `}}` are braces. Attributes that start with an
 * underscore, conversions and widths are refused.
 */
export function formatSimple(template: string, scope: Scope): string {
  return bounded(
    template.replace(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (found, path: string | undefined) => {
      if (found === "{{" || found === "}}") return found.slice(1);
      if (path === undefined) throw new TransformationFault("A single brace in a template is written twice.");
      return display(lookUp(path, scope));
    }),
  );
}

function lookUp(path: string, scope: Scope): unknown {
  const steps = [...path.matchAll(/^([A-Za-z]\w*)|\.([A-Za-z]\w*)|\[([^\][]+)\]/g)];
  if (steps.map(([step]) => step).join("") !== path || steps.length === 0)
    throw new TransformationFault(
      `{${path}} is no place in a template; write {query}, {rule.title} or {pipeline.state[key]}.`,
    );
  let value: unknown = scope;
  for (const [, first, attribute, key] of steps) {
    const name = first ?? attribute ?? key ?? "";
    value = memberOf(value, key !== undefined && /^\d+$/.test(key) ? Number(key) : name);
    if (value === undefined) throw new TransformationFault(`Nothing is at {${path}}.`);
  }
  return value;
}
