import { TagsmithError } from "../../event/tagsmith-error.ts";
import type { Detection, Item, Rule } from "../ast.ts";
import { compileFieldTest, compileKeywordTest } from "./value-test.ts";

/** A rule that cannot be matched in process, and why. */
export interface Unmatchable {
  readonly rule: Rule;
  readonly reason: string;
}

/**
 * Why a rule cannot be matched in process, or undefined: unfilled placeholders, text in a search engine's language, regexes that
 * have no linear-time search, keywords that need a field.
 */
export function unmatchableReason(rule: Rule): string | undefined {
  try {
    for (const detection of rule.detections.values()) for (const item of itemsOf(detection)) checkItem(item);
    return undefined;
  } catch (error) {
    if (error instanceof TagsmithError && error.code === "sigma_unmatchable") return error.message;
    throw error;
  }
}

function checkItem(item: Item): void {
  for (const value of item.values) {
    if (item.kind === "field") compileFieldTest(value);
    else compileKeywordTest(value);
  }
}

function itemsOf(detection: Detection): readonly Item[] {
  return detection.members.flatMap((member) => (member.kind === "detection" ? itemsOf(member) : [member]));
}
