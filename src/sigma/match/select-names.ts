import type { Detections } from "../ast.ts";

/**
 * The selections `all of PATTERN` means, in the order written: `them` is every one, `*` stands for any characters. Names that
 * start with `_` are reached only by a pattern that does too.
 */
export function selectNames(detections: Detections, pattern: string): readonly string[] {
  const hidden = pattern.startsWith("_");
  return [...detections.keys()].filter((name) => (hidden || !name.startsWith("_")) && covers(pattern, name));
}

function covers(pattern: string, name: string): boolean {
  if (pattern === "them") return true;
  const pieces = pattern.split("*");
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (pieces.length === 1) return name === pattern;
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - last.length;
}
