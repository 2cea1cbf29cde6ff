import type { Document } from "../../sdk/document.ts";
import { compilePath } from "../compile-path.ts";

const fields = ["message", "event.original", "log", "MESSAGE", "@message"].map(compilePath);
const kept = ["@timestamp", "host", "agent", "syslog_line"] as const;
const maxData = 100;
const dataElement = /<Data Name=(?:"([^"]{1,64})"|'([^']{1,64})')\s?(\/)?>/y;
const entity = /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g;
const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * A Sysmon for Linux event written as XML in a log line, as an object under `sysmon`: `event_id`, `time`, `computer`
 * and the named values of its EventData. Only what Sysmon writes is read (no comments, CDATA or namespaces prefixes);
 * a line cut off by syslog gives what it has and says `truncated`.
 */
export function convertSysmonXml(document: Document): readonly Document[] | undefined {
  for (const read of fields) {
    const text = read(document);
    if (typeof text !== "string") continue;
    const start = text.search(/<Event[\s>]/);
    if (start < 0 || !text.includes("Linux-Sysmon", start)) continue;
    const outer = kept.flatMap((key) => (Object.hasOwn(document, key) ? [[key, document[key]] as const] : []));
    return [{ ...Object.fromEntries(outer), sysmon: readEvent(text.slice(start)) }];
  }
  return undefined;
}

function readEvent(xml: string): Document {
  const data = readData(xml);
  return {
    event_id: between(xml, "<EventID>", "</EventID>"),
    record_id: between(xml, "<EventRecordID>", "</EventRecordID>"),
    computer: between(xml, "<Computer>", "</Computer>"),
    time: /<TimeCreated SystemTime=["']([^"']{1,40})["']/.exec(xml)?.[1] ?? null,
    data: Object.fromEntries(data),
    truncated: !xml.includes("</EventData>"),
  };
}

function between(xml: string, open: string, close: string): string | null {
  const start = xml.indexOf(open);
  const end = start < 0 ? -1 : xml.indexOf(close, start);
  return end < 0 ? null : withoutEntities(xml.slice(start + open.length, end));
}

/** The first value of each name; the last one may lack its end. */
function readData(xml: string): Map<string, string> {
  const data = new Map<string, string>();
  let at = xml.indexOf("<Data ");
  for (let count = 0; at >= 0 && count < maxData; count += 1) {
    dataElement.lastIndex = at;
    const match = dataElement.exec(xml);
    if (match === null) break;
    const name = match[1] ?? match[2] ?? "";
    const start = at + match[0].length;
    const close = match[3] === undefined ? xml.indexOf("</Data>", start) : start;
    const value = xml.slice(start, close < 0 ? undefined : close);
    if (!data.has(name)) data.set(name, withoutEntities(value));
    at = close < 0 ? -1 : xml.indexOf("<Data ", close);
  }
  return data;
}

function withoutEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(entity, (whole, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return named[name] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
    return point <= 0x10_ff_ff ? String.fromCodePoint(point) : whole;
  });
}
