import type { Document } from "../../sdk/document.ts";
import { compilePath, isObject } from "../compile-path.ts";

const fields = ["message", "MESSAGE", "log", "event.original", "@message", "msg"].map((path) => ({
  path,
  read: compilePath(path),
}));
const isoTime = String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?`;
const bsdTime = String.raw`[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d`;
const tag = String.raw`([^\s:[\]]{1,128})(?:\[(\d{1,10})\])?: ?`;
/** RFC 3164 and what syslog daemons write today: priority, time, host, program, process id. */
const bsdHeader = new RegExp(String.raw`^(?:<\d{1,3}>)?(${isoTime}|${bsdTime}) (\S{1,255}) ${tag}`);
/** RFC 5424; structured data is passed over where it is absent or one element without brackets inside. */
const newHeader = new RegExp(
  String.raw`^<\d{1,3}>1 (${isoTime}) (\S{1,255}) (\S{1,128}) (\S{1,128}) \S{1,128} (?:-|(?:\[[^\]]{0,2000}\])+) ?(?:\uFEFF)?`,
);
/** Kubernetes container log (CRI): time, stream, and whether the line is whole. */
const criHeader = new RegExp(`^(${isoTime}) (?:stdout|stderr) [FP] `);

/** What stands before the text of a log line. */
interface Header {
  readonly length: number;
  readonly time: string;
  readonly host?: string;
  readonly program?: string;
  readonly pid?: string;
}

/**
 * A log line without its syslog or container-runtime header: the text stays in `message`, the header goes to
 * `syslog_line`, and its host to `host`, since the machine that shipped the line may be another. Undefined where no
 * field begins with a header.
 */
export function convertSyslogLine(document: Document): readonly Document[] | undefined {
  for (const { path, read } of fields) {
    const line = read(document);
    const header = typeof line === "string" ? readHeader(line) : undefined;
    if (typeof line === "string" && header !== undefined) return [withoutHeader(document, path, line, header)];
  }
  return undefined;
}

function readHeader(line: string): Header | undefined {
  const cri = criHeader.exec(line);
  if (cri !== null) return { length: cri[0].length, time: cri[1] ?? "" };
  const match = newHeader.exec(line) ?? bsdHeader.exec(line);
  if (match === null) return undefined;
  const [whole, time = "", host = "", program = "", pid] = match;
  const known = {
    length: whole.length,
    time,
    ...(host === "-" ? {} : { host }),
    ...(program === "-" ? {} : { program }),
  };
  return pid === undefined || pid === "-" ? known : { ...known, pid };
}

function withoutHeader(document: Document, path: string, line: string, header: Header): Document {
  const { log, MESSAGE: _, "@message": __, msg: ___, ...rest } = document;
  const kept = path === "log" || log === undefined ? rest : { ...rest, log };
  const { length, time, ...facts } = header;
  const when = /^\d/.test(time) ? { time } : { local_time: time };
  const bare = { ...kept, message: line.slice(length), syslog_line: { ...when, ...facts } };
  return header.host === undefined ? bare : { ...bare, host: hostOf(document["host"], header.host) };
}

/** The header's host, unless it says no more than that it is the machine itself. */
function hostOf(shipped: unknown, name: string): Document {
  const known = isObject(shipped) ? shipped : typeof shipped === "string" ? { name: shipped } : {};
  if (name === "localhost" && Object.keys(known).length > 0) return known;
  return { ...known, name, hostname: name };
}
