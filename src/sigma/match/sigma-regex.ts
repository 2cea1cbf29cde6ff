import { RE2JS } from "re2js";
import { TagsmithError } from "../../event/tagsmith-error.ts";
import type { RegexValue } from "../ast.ts";

/** Searches a text in time linear in its length. */
export type RegexTest = (text: string) => boolean;

/** Compiles a regex value; throws `sigma_unmatchable` on a placeholder, and on syntax that has no linear-time search. */
export function compileRegex(value: RegexValue): RegexTest {
  const source = regexSource(value);
  const { flags } = value;
  const bits =
    (flags.has("i") ? RE2JS.CASE_INSENSITIVE : 0) |
    (flags.has("m") ? RE2JS.MULTILINE : 0) |
    (flags.has("s") ? RE2JS.DOTALL : 0);
  try {
    const regex = RE2JS.compile(source, bits);
    return (text) => regex.matcher(text).find();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TagsmithError(
      "sigma_unmatchable",
      `The regex ${source} cannot be searched in linear time: ${why}`,
      "exit",
    );
  }
}

/** The text of a regex; throws `sigma_unmatchable` on an unfilled placeholder. */
export function regexSource(value: RegexValue): string {
  return value.parts
    .map((part) => {
      if (typeof part === "string") return part;
      throw new TagsmithError(
        "sigma_unmatchable",
        `The placeholder %${part.name}% is not filled by a pipeline.`,
        "exit",
      );
    })
    .join("");
}
