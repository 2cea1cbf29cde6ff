import { TransformationFault } from "../pipeline/pipeline-run.ts";
import { evaluate } from "./evaluate.ts";
import { bounded, escaped } from "./functions.ts";
import { parseTemplate, type TemplateNode } from "./parse-template.ts";
import { display, isTruthy, iterate, type Scope } from "./template-value.ts";

/** Pieces a template may print; loops within loops reach it before they use up time. */
const maxSteps = 1_000_000;

/**
 * Compiles a template in a part of Jinja2's language: printing, if, for, set, filters and the common methods of texts
 * and maps. Nothing of the program can be reached from a template, and none can run for long.
 */
export function compileTemplate(template: string, autoescape: boolean): (scope: Scope) => string {
  const nodes = parseTemplate(template);
  const print = autoescape ? escaped : display;
  return (scope) => {
    const page: Page = { print, text: "", steps: 0 };
    renderAll(nodes, new Map(scope), page);
    return page.text;
  };
}

interface Page {
  readonly print: (value: unknown) => string;
  text: string;
  steps: number;
}

function renderAll(nodes: readonly TemplateNode[], scope: Map<string, unknown>, page: Page): void {
  for (const node of nodes) {
    page.steps += 1;
    if (page.steps > maxSteps) throw new TransformationFault("The template takes too many steps.");
    render(node, scope, page);
  }
}

function render(node: TemplateNode, scope: Map<string, unknown>, page: Page): void {
  switch (node.kind) {
    case "text":
      page.text = bounded(page.text + node.text);
      return;
    case "print": {
      const value = evaluate(node.expression, scope);
      if (value !== undefined) page.text = bounded(page.text + page.print(value));
      return;
    }
    case "set":
      scope.set(node.name, evaluate(node.expression, scope));
      return;
    case "if": {
      const branch = node.branches.find(({ test }) => test === undefined || isTruthy(evaluate(test, scope)));
      if (branch !== undefined) renderAll(branch.body, scope, page);
      return;
    }
    case "for":
      renderLoop(node, scope, page);
  }
}

function renderLoop(node: TemplateNode & { readonly kind: "for" }, scope: Scope, page: Page): void {
  const values = iterate(evaluate(node.over, scope));
  if (values.length === 0) renderAll(node.otherwise, new Map(scope), page);
  for (const [index, value] of values.entries()) {
    const inner = new Map(scope);
    const [first = "", second] = node.names;
    const pair = second === undefined ? [value] : iterate(value);
    inner.set(first, pair[0]);
    if (second !== undefined) inner.set(second, pair[1]);
    inner.set(
      "loop",
      new Map<string, unknown>([
        ["index", index + 1],
        ["index0", index],
        ["first", index === 0],
        ["last", index === values.length - 1],
        ["length", values.length],
      ]),
    );
    renderAll(node.body, inner, page);
  }
}
