import type { Lines } from "./yaml-lines.ts";

/** A literal text and the line behind it. */
interface Literal {
  readonly text: string;
  readonly next: number;
}

/**
 * Reads the text below `|`, `|-` or `|+`: lines further right than `parent`, without what the first of them is indented by.
 * Undefined where the indentation is not plain.
 */
export function readLiteral({ raw }: Lines, from: number, parent: number, header: string): Literal | undefined {
  const indent = indentOfFirst(raw, from);
  if (indent <= parent) return undefined;
  const lines: string[] = [];
  let next = from;
  for (; next < raw.length; next += 1) {
    const line = raw[next] ?? "";
    const start = spaces(line);
    if (start === line.length) {
      // Blanks before the first line must not be deeper than it.
      if (lines.every((one) => one === "") && start > indent) return undefined;
      lines.push(line.slice(indent));
    } else if (start >= indent) lines.push(line.slice(indent));
    else break;
  }
  // The last line end closes a line and starts none.
  if (next === raw.length && raw.at(-1) === "") lines.pop();
  return { text: chomp(lines, header), next };
}

function spaces(line: string): number {
  let start = 0;
  while (line.charCodeAt(start) === 0x20) start += 1;
  return start;
}

/** Indentation of the first line with content; -1 when there is none. */
function indentOfFirst(raw: readonly string[], from: number): number {
  for (let index = from; index < raw.length; index += 1) {
    const line = raw[index] ?? "";
    const start = spaces(line);
    if (start < line.length) return start;
  }
  return -1;
}

/** Line ends at the end: one, none (`-`) or all (`+`). */
function chomp(lines: readonly string[], header: string): string {
  const text = lines.join("\n");
  if (header === "|+") return `${text}\n`;
  const trimmed = text.replace(/\n+$/, "");
  return header === "|-" ? trimmed : `${trimmed}\n`;
}
