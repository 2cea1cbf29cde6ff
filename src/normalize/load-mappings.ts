import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { RE2JS } from "re2js";
import { isMap, isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { isObject, splitPath } from "./compile-path.ts";
import { type Mapping, mappingSchema } from "./mapping-schema.ts";

/**
 * Reads every `*.yaml` of a folder, in name order. Throws `mapping_invalid` naming file, line and path of everything
 * wrong in the first bad file, or the two files that give one mapping name; `mapping_not_found` when there is none.
 */
export function loadMappings(directory: string): Mapping[] {
  const files = listFolder(directory)
    .filter((name) => name.endsWith(".yaml") || name.endsWith(".yml"))
    .sort();
  if (files.length === 0) throw notFound(directory, "the folder holds no mapping (*.yaml).");
  const seen = new Map<string, string>();
  return files.map((file) => {
    const mapping = parseMapping(readFileSync(path.join(directory, file), "utf8"), path.join(directory, file));
    const earlier = seen.get(mapping.name);
    if (earlier !== undefined) throw invalid([`${file}: name: "${mapping.name}" is already given by ${earlier}`]);
    seen.set(mapping.name, file);
    return mapping;
  });
}

function listFolder(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (cause) {
    throw notFound(directory, "the folder of mappings cannot be read.", cause);
  }
}

function notFound(directory: string, what: string, cause?: unknown): TagsmithError {
  return new TagsmithError("mapping_not_found", `${directory}: ${what}`, "exit", cause);
}

/** One mapping file; throws `mapping_invalid` with `file:line: path: problem`, one line each. */
export function parseMapping(text: string, file: string): Mapping {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, strict: true });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw invalid(faults.map((fault) => `${file}:${lines.linePos(fault.pos[0]).line}: ${firstLine(fault.message)}`));
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const lineOf = (at: readonly PropertyKey[]) => lineAt(document.contents, at, lines);
  const parsed = mappingSchema.safeParse(value);
  const problems = parsed.success
    ? checkNames(value, [])
    : parsed.error.issues.flatMap((issue) => explainIssue(issue, []));
  if (problems.length > 0) throw invalid(problems.map((p) => `${file}:${lineOf(p.at)}: ${dotted(p.at)}: ${p.message}`));
  return mappingSchema.parse(value);
}

interface Problem {
  readonly at: readonly PropertyKey[];
  readonly message: string;
}

/** A union's own message says nothing; the branch that took the value's type does. */
function explainIssue(issue: z.core.$ZodIssue, base: readonly PropertyKey[]): Problem[] {
  const at = [...base, ...issue.path];
  if (issue.code !== "invalid_union") return [{ at, message: issue.message }];
  const branch = issue.errors.find((errors) =>
    errors.some((error) => error.path.length > 0 || error.code === "custom"),
  );
  const errors = branch ?? issue.errors.find((one) => one.some((error) => error.code === "unrecognized_keys"));
  if (errors === undefined)
    return [
      {
        at,
        message: issue.errors
          .flat()
          .map((error) => error.message)
          .join(" or "),
      },
    ];
  return errors.flatMap((error) => explainIssue(error, at));
}

/** Keys whose strings, also those of lists under them, are field paths. */
const pathKeys = new Set("field join items object json fields key text host user parent executable id".split(" "));
const regexKeys = new Set(["matches", "extract"]);

/** What the schema cannot say: that paths and regexes compile. */
function checkNames(value: unknown, at: readonly PropertyKey[]): Problem[] {
  if (Array.isArray(value)) return value.flatMap((element, index) => checkNames(element, [...at, index]));
  if (isObject(value)) return Object.entries(value).flatMap(([key, inner]) => checkNames(inner, [...at, key]));
  const key = at.findLast((part) => typeof part === "string");
  if (typeof value !== "string" || typeof key !== "string") return [];
  if (regexKeys.has(key)) return attempt(() => RE2JS.compile(value), at);
  return pathKeys.has(key) ? attempt(() => splitPath(value), at) : [];
}

function attempt(compile: () => unknown, at: readonly PropertyKey[]): Problem[] {
  try {
    compile();
    return [];
  } catch (cause) {
    return [{ at, message: cause instanceof Error ? firstLine(cause.message) : String(cause) }];
  }
}

function lineAt(contents: unknown, at: readonly PropertyKey[], lines: LineCounter): number {
  for (let depth = at.length; depth >= 0; depth -= 1) {
    const node = isMap(contents) || depth === 0 ? nodeAt(contents, at.slice(0, depth)) : undefined;
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function nodeAt(contents: unknown, at: readonly PropertyKey[]): unknown {
  return isMap(contents) && at.length > 0 ? contents.getIn(at, true) : contents;
}

function dotted(at: readonly PropertyKey[]): string {
  return at.map(String).join(".") || "(top)";
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}

function invalid(problems: readonly string[]): TagsmithError {
  return new TagsmithError("mapping_invalid", problems.join("\n"), "exit");
}
