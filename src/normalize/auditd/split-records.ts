const recordStart = / (?:node=[^ ]{1,255} )?type=[A-Z0-9_[\]]{1,64} msg=audit\(\d{1,20}\.\d{1,20}:\d{1,20}\)/g;

/**
 * The records of one text: a line each, and several on one line where a shipper joined them by a space.
 *
 * A quoted value never starts a record, so that a program cannot forge one in its arguments.
 */
export function splitAuditText(text: string): string[] {
  const plain = withoutEscapes(text);
  if (!plain.includes("\n")) return splitLine(plain);
  return plain.split("\n").flatMap(splitLine);
}

/** Text that was escaped for JSON twice; the kernel itself writes values with a quote in them as hex. */
function withoutEscapes(text: string): string {
  return text.includes('=\\"') && !text.includes('="') ? text.replaceAll('\\"', '"') : text;
}

function splitLine(line: string): string[] {
  const clean = line.endsWith("\r") ? line.slice(0, -1) : line;
  const first = clean.indexOf("msg=audit(");
  if (first < 0 || clean.indexOf("msg=audit(", first + 10) < 0) return isNoise(clean) ? [] : [clean];
  const records: string[] = [];
  let start = 0;
  let quotesSeenTo = 0;
  let inQuotes = false;
  for (const match of clean.slice(first).matchAll(recordStart)) {
    const at = first + match.index;
    for (; quotesSeenTo < at; quotesSeenTo += 1) if (clean.charCodeAt(quotesSeenTo) === 34) inQuotes = !inQuotes;
    if (inQuotes) continue;
    records.push(clean.slice(start, at));
    start = at + 1;
  }
  records.push(clean.slice(start));
  return records;
}

/** Blank lines, and what ausearch writes between events. */
function isNoise(line: string): boolean {
  return line.trim() === "" || line === "----" || line.startsWith("time->");
}
