import { tryParse } from "./parse-json.ts";

const newline = 0x0a;
/** How far to look for a line that tells. */
const lookBytes = 65_536;

export const fileShapes = ["unknown", "objects", "arrays", "text"] as const;

/** What the lines of a file are, as the first one shows that can be nothing else; `unknown` until it was seen. */
export type FileShape = (typeof fileShapes)[number];

/**
 * Finds the shape of a file whose rest begins at `from`. Lines such as `5`, `null`, `"x"` or `[]` tell nothing by
 * themselves: they are passed over, and decide only where no other line follows. `unknown`: more bytes are needed.
 */
export function findShape(bytes: Buffer, from: number, end: number, isEnd: boolean): FileShape {
  const isAll = isEnd || end - from >= lookBytes;
  const limit = Math.min(end, from + lookBytes);
  let first: FileShape = "unknown";
  for (let at = from; at < limit; ) {
    const found = bytes.indexOf(newline, at);
    const isWhole = found >= 0 && found < limit;
    const lineEnd = isWhole ? found : limit;
    const line = bytes.toString("latin1", at, lineEnd).trim();
    const told = shapeOfLine(line, isWhole);
    if (told !== "unknown" && (isWhole || isAll || told !== "text")) return told;
    if (first === "unknown" && line !== "") first = line.startsWith("[") ? "arrays" : "text";
    at = lineEnd + 1;
  }
  return isAll ? first : "unknown";
}

/** Whether a line of this text is a JSON value without being an object. */
export function isBareValue(line: string): boolean {
  return /^(?:\[.*\]|".*"|true|false|null|-?\d[\d.eE+-]*)\s*$/s.test(line) && tryParse(line) !== undefined;
}

function shapeOfLine(line: string, isWhole: boolean): FileShape {
  if (line.startsWith("{")) return "objects";
  if (/^\[\s*\{/.test(line) || (line === "[" && isWhole)) return "arrays";
  // An array of strings or arrays, or the beginning of one; `[[ -f x ]] && …` is neither.
  if (/^\[\s*["[]/.test(line) && (isBareValue(line) || (isWhole && /[[,]$/.test(line)))) return "arrays";
  return /^[\]},\s]*$/.test(line) || isBareValue(line) ? "unknown" : "text";
}
