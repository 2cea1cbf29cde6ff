interface JsonStyle {
  /** Spaces a level; one line without it. */
  readonly indent?: number | undefined;
  readonly sortKeys?: boolean;
}

/** Writes JSON as Python's `json.dumps` does: blanks behind commas and colons, only ASCII. Maps and sets are written too. */
export function writeJson(value: unknown, style: JsonStyle = {}): string {
  return write(value, style, "\n");
}

function write(value: unknown, style: JsonStyle, line: string): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "null";
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value) || value instanceof Set)
    return writeAll("[", "]", [...value], style, line, (member, inner) => write(member, style, inner));
  if (value === null || typeof value !== "object") return "null";
  const entries =
    value instanceof Map ? [...value].map(([key, member]) => [String(key), member]) : Object.entries(value);
  if (style.sortKeys) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return writeAll(
    "{",
    "}",
    entries,
    style,
    line,
    ([key, member], inner) => `${quote(key)}: ${write(member, style, inner)}`,
  );
}

function writeAll<Member>(
  open: string,
  close: string,
  members: readonly Member[],
  { indent }: JsonStyle,
  line: string,
  writeMember: (member: Member, line: string) => string,
): string {
  if (members.length === 0) return open + close;
  if (indent === undefined) return open + members.map((member) => writeMember(member, line)).join(", ") + close;
  const inner = line + " ".repeat(indent);
  return open + members.map((member) => inner + writeMember(member, inner)).join(",") + line + close;
}

function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
