import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { isMap, isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { checkNames, type Problem } from "./check-names.ts";
import { type Mapping, mappingSchema } from "./mapping-schema.ts";

/** A mapping and the file it came from. */
export interface LoadedMapping {
  readonly mapping: Mapping;
  readonly file: string;
}

/**
 * Reads every `*.yaml` of a folder, in name order; `*.samples.yaml` hold samples and are left out. Throws
 * `mapping_invalid` naming file, line and path of everything wrong in the first bad file, or the two files that give one
 * mapping name; `mapping_not_found` when there is none.
 */
export function loadMappings(directory: string): Mapping[] {
  return mappingsOf(loadMappingFolder(directory));
}

/** As `loadMappings`, with the files. */
export function loadMappingFolder(directory: string): LoadedMapping[] {
  const loaded = readMappingFolder(directory);
  if (loaded.length === 0) throw notFound(directory, "the folder holds no mapping (*.yaml).");
  return loaded;
}

/** Mappings without the files they came from. */
export function mappingsOf(loaded: readonly LoadedMapping[]): Mapping[] {
  return loaded.map(({ mapping }) => mapping);
}

/** The mappings of a folder with their files, as `loadMappings`; a folder may hold none. */
export function readMappingFolder(directory: string): LoadedMapping[] {
  const seen = new Map<string, string>();
  return mappingFilesIn(directory).map((name) => {
    const file = path.join(directory, name);
    const mapping = readMappingFile(file);
    const earlier = seen.get(mapping.name);
    if (earlier !== undefined) throw invalid([`${file}: name: "${mapping.name}" is already given by ${earlier}`]);
    seen.set(mapping.name, file);
    return { mapping, file };
  });
}

/** One mapping file; throws `mapping_not_found` or `mapping_invalid`. */
export function readMappingFile(file: string): Mapping {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw notFound(file, "the mapping cannot be read.", cause);
  }
  return parseMapping(text, file);
}

function mappingFilesIn(directory: string): string[] {
  const isMapping = (name: string): boolean => /\.ya?ml$/.test(name) && !/\.samples\.ya?ml$/.test(name);
  return listFolder(directory).filter(isMapping).sort();
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

/** The text of a mapping file; throws `mapping_invalid` with `file:line:column: path: problem`, one line each. */
export function parseMapping(text: string, file: string): Mapping {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, strict: true });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw invalid(faults.map(({ pos, message }) => `${file}:${placeOf(pos[0], lines)}: ${firstLine(message)}`));
  }
  const value = expand(document, file);
  const placeIn = (at: readonly PropertyKey[]) => placeAt(document.contents, at, lines);
  const parsed = mappingSchema.safeParse(value);
  const problems = parsed.success
    ? checkNames(value, [])
    : parsed.error.issues.flatMap((issue) => explainIssue(issue, []));
  if (problems.length > 0)
    throw invalid(problems.map((p) => `${file}:${placeIn(p.at)}: ${dotted(p.at)}: ${p.message}`));
  return mappingSchema.parse(value);
}

/** The file as plain data; aliases that multiply without end are refused. */
function expand(document: { toJS(options: { maxAliasCount: number }): unknown }, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw invalid([`${file}:1:1: ${cause instanceof Error ? firstLine(cause.message) : String(cause)}`]);
  }
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

/** `line:column` of the innermost part that is there, 1-based. */
function placeAt(contents: unknown, at: readonly PropertyKey[], lines: LineCounter): string {
  for (let depth = at.length; depth >= 0; depth -= 1) {
    const node = isMap(contents) || depth === 0 ? nodeAt(contents, at.slice(0, depth)) : undefined;
    if (isNode(node) && node.range) return placeOf(node.range[0], lines);
  }
  return "1:1";
}

function placeOf(offset: number, lines: LineCounter): string {
  const { line, col } = lines.linePos(offset);
  return `${line}:${col}`;
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
