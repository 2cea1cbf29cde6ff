/** Where a command writes: results to `out`, everything for people to `err`. */
export interface Terminal {
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
  /** Milliseconds since some start; never goes back. */
  readonly now: () => number;
}

/** Makes text from outside safe to print: control characters, and what could move the cursor, become escapes. */
export function printable(text: string, maxChars = 200): string {
  const cut = text.length > maxChars ? `${text.slice(0, maxChars)}…` : text;
  return cut.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Puts a message of several lines on one, safe to print; at most `maxChars` long. */
export function oneLine(text: string, maxChars = 2_000): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const joined = lines.filter((line) => line !== "").join("; ");
  return printable(joined.replaceAll("; →", " →"), maxChars);
}

/** Makes lines of JSON safe to print: JSON leaves DEL, C1 and invisible characters as they are, here they are escaped. */
export function printableJson(lines: string): string {
  return lines.replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (char) =>
    Array.from({ length: char.length }, (_, index) => char.charCodeAt(index))
      .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** Aligns rows of cells in columns, two spaces apart; numbers to the right. */
export function formatTable(rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === "number" ? cell.toLocaleString("en-US") : cell)));
  const columns = Math.max(0, ...cells.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lines = cells.map((row, index) =>
    row
      .map((cell, column) => {
        const isNumber = typeof rows[index]?.[column] === "number";
        return isNumber ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}
