import type { Condition, Detections } from "../ast.ts";
import { selectionsOf } from "../parse/select.ts";
import type { LintFinding } from "./lint-document.ts";
import { found, info, warning } from "./notes.ts";

const checks = {
  unused: warning("selection_unused", "Use it in the condition, or leave it out."),
  allOfThem: info("condition_all_of_them", "Name the selections: a later one would silently be asked for too."),
  one: info("condition_of_one", "Write the name of the selection."),
  noStar: info("condition_of_without_star", "Write the name alone, or a pattern with *."),
};

/** Conditions that leave selections out or say things the long way. */
export function lintConditions(
  document: { readonly detections: Detections },
  conditions: readonly Condition[],
  section: "detection" | "filter",
): LintFinding[] {
  const used = new Set(conditions.flatMap((condition) => namesOf(condition, document.detections)));
  const unused = [...document.detections.keys()].filter((name) => !used.has(name));
  return [
    ...unused.flatMap((name) => found(true, checks.unused, `The condition does not use ${name}.`, [section, name])),
    ...conditions.flatMap((condition) => lintOf(condition, document.detections, [section, "condition"])),
  ];
}

function namesOf(condition: Condition, detections: Detections): string[] {
  switch (condition.kind) {
    case "selection":
      return [condition.name];
    case "of":
      return selectionsOf(condition.pattern, detections);
    case "not":
      return namesOf(condition.operand, detections);
    case "and":
    case "or":
      return condition.operands.flatMap((operand) => namesOf(operand, detections));
  }
}

function lintOf(condition: Condition, detections: Detections, path: readonly string[]): LintFinding[] {
  switch (condition.kind) {
    case "selection":
      return [];
    case "not":
      return lintOf(condition.operand, detections, path);
    case "and":
    case "or":
      return condition.operands.flatMap((operand) => lintOf(operand, detections, path));
    case "of": {
      const { pattern, linking } = condition;
      const names = selectionsOf(pattern, detections);
      const noStar = pattern !== "them" && !pattern.includes("*");
      return [
        ...found(
          pattern === "them" && linking === "all",
          checks.allOfThem,
          "The condition asks for all of them.",
          path,
        ),
        ...found(
          names.length === 1 && !noStar && !pattern.startsWith("filter"),
          checks.one,
          `${pattern} is only ${names[0]}.`,
          path,
        ),
        ...found(noStar, checks.noStar, `${pattern} is a name, not a pattern.`, path),
      ];
    }
  }
}
