import { parseExactJson } from "#sdk";
import { locateJsonError } from "./locate-json-error.ts";

export type ParsedJson =
  | { readonly kind: "value"; readonly value: unknown }
  /** `line` and `column` are 1-based, within the text. */
  | { readonly kind: "invalid"; readonly expected: string; readonly line: number; readonly column: number };

/**
 * Parses one JSON text. Raw control characters inside strings, which JSON forbids and careless writers leave in, are
 * kept as they are instead of costing the record; numbers with more digits than a double holds come as strings.
 */
export function parseJson(text: string): ParsedJson {
  const parsed = tryParse(text);
  if (parsed !== undefined) return { kind: "value", value: parsed.value };
  const repaired = escapeControls(text);
  const again = repaired === text ? undefined : tryParse(repaired);
  if (again !== undefined) return { kind: "value", value: again.value };
  const { at, expected } = locateJsonError(text);
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  return { kind: "invalid", expected, line, column: at - before.lastIndexOf("\n") };
}

/** The value in a box, or undefined when the text is not JSON. */
export function tryParse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseExactJson(text) };
  } catch {
    return undefined;
  }
}

/** Escapes raw control characters inside strings; outside of them they stay, and stay an error. */
function escapeControls(text: string): string {
  let repaired = "";
  let copied = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) inString = !inString;
    else if (code === 0x5c && inString) at += 1;
    else if (code < 0x20 && inString) {
      repaired += `${text.slice(copied, at)}\\u${code.toString(16).padStart(4, "0")}`;
      copied = at + 1;
    }
  }
  return repaired + text.slice(copied);
}
