/** A text cut into lines. */
export interface Lines {
  readonly raw: readonly string[];
  /** Spaces before the content; -1 for lines that are empty or hold only a comment. */
  readonly indents: number[];
  /** Lines without the spaces around. */
  readonly contents: string[];
}

/** Cuts a text at its line ends. */
export function splitLines(text: string): Lines {
  const raw = text.split("\n");
  const indents: number[] = [];
  const contents: string[] = [];
  for (const line of raw) {
    let start = 0;
    while (line.charCodeAt(start) === 0x20) start += 1;
    let end = line.length;
    while (end > start && line.charCodeAt(end - 1) === 0x20) end -= 1;
    const empty = start === end || line.charCodeAt(start) === 0x23;
    indents.push(empty ? -1 : start);
    contents.push(empty ? "" : line.slice(start, end));
  }
  return { raw, indents, contents };
}

/** Without the spaces at the start; other blanks are text in YAML. */
export function trimLeft(text: string): string {
  let start = 0;
  while (text.charCodeAt(start) === 0x20) start += 1;
  return start === 0 ? text : text.slice(start);
}

/** Without the spaces at the end. */
export function trimRight(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x20) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}
