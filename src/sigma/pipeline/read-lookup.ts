import { parse as parseYaml } from "yaml";
import { compilePattern } from "./pattern.ts";
import { TransformationFault } from "./pipeline-run.ts";

interface LookupFormat {
  readonly format: "plaintext" | "csv" | "json" | "yaml";
  readonly filter?: string | undefined;
  readonly csv_column?: string | number | undefined;
  readonly csv_has_header: boolean;
  readonly jq_expression?: string | undefined;
}

/** The values in a text from outside: a line each, a column, or what a path such as `.items[].name` leads to. */
export function readLookup(text: string, format: LookupFormat): string[] {
  const values = valuesIn(text, format);
  if (format.filter === undefined) return values;
  const pattern = compilePattern(format.filter);
  return values.filter(pattern.found);
}

function valuesIn(text: string, { format, csv_column, csv_has_header, jq_expression }: LookupFormat): string[] {
  switch (format) {
    case "plaintext":
      return text
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== "");
    case "csv":
      return readColumn(readCsv(text), csv_column, csv_has_header);
    case "json":
    case "yaml":
      return follow(format === "json" ? parsed(JSON.parse, text) : parsed(parseYaml, text), jq_expression);
  }
}

function parsed(read: (text: string) => unknown, text: string): unknown {
  try {
    return read(text);
  } catch (cause) {
    throw new TransformationFault(
      `The values cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
    );
  }
}

function readColumn(
  rows: readonly (readonly string[])[],
  column: string | number | undefined,
  header: boolean,
): string[] {
  if (column === undefined) throw new TransformationFault("csv needs csv_column.");
  if (typeof column === "string" && !header) throw new TransformationFault("A column with a name needs a header.");
  const index = typeof column === "string" ? (rows[0]?.indexOf(column) ?? -1) : column;
  if (index < 0) throw new TransformationFault(`The values have no column ${column}.`);
  return rows.slice(header ? 1 : 0).flatMap((row) => row[index] ?? []);
}

/** Comma-separated rows; quoted cells may hold commas, doubled quotes and line ends. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const match of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/g)) {
    const [all, cell = "", end] = match;
    if (all === "" && row.length === 0) break;
    row.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

/** Follows `.a.b[]`, `.a[0]` and `."a b"`: what lies there must be plain values. */
function follow(value: unknown, path: string | undefined): string[] {
  if (path === undefined) throw new TransformationFault("json and yaml need jq_expression.");
  const steps = [...path.matchAll(/\.?"([^"]*)"|\.?([\w-]+)|\[(\d*)\]|\.(?=\[|$)/g)];
  if (steps.map(([step]) => step).join("") !== path)
    throw new TransformationFault(`${JSON.stringify(path)} is no path; write .a.b[] or .a[0].`);
  let reached: unknown[] = [value];
  for (const [, quoted, name, index] of steps) {
    if (index !== undefined) reached = reached.flatMap((one) => elements(one, index));
    else if (quoted !== undefined || name !== undefined)
      reached = reached.map((one) => member(one, quoted ?? name ?? ""));
  }
  return reached.flatMap((one) => {
    if (one === null || one === undefined) return [];
    if (typeof one === "object")
      throw new TransformationFault(`${path} leads to a list or a map; add [] for its values.`);
    return [String(one)];
  });
}

function elements(value: unknown, index: string): unknown[] {
  if (!Array.isArray(value))
    return value !== null && typeof value === "object" && index === "" ? Object.values(value) : [];
  return index === "" ? value : [value[Number(index)]];
}

function member(value: unknown, name: string): unknown {
  const entries = value !== null && typeof value === "object" ? Object.entries(value) : [];
  return entries.find(([key]) => key === name)?.[1];
}
