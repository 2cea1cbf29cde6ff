/** What every audit record begins with; `body` is where its fields start. */
export interface AuditHeader {
  readonly type: string;
  readonly node?: string;
  /** Seconds since 1970 with the fraction, as written. */
  readonly time: string;
  /** Milliseconds since 1970, with a fraction where the record is finer. */
  readonly timeMs: number;
  /** Serial number as written; it exceeds 2^53 in no kernel, but is never calculated with. */
  readonly serial: string;
  /** `time:serial`: the same in every record of one event. */
  readonly stamp: string;
  readonly body: number;
}

const numberedTypes: Readonly<Record<string, string>> = {
  1006: "LOGIN",
  1112: "USER_LOGIN",
  1123: "USER_CMD",
  1300: "SYSCALL",
  1302: "PATH",
  1305: "CONFIG_CHANGE",
  1306: "SOCKADDR",
  1307: "CWD",
  1309: "EXECVE",
  1320: "EOE",
  1327: "PROCTITLE",
  1400: "AVC",
};

const maxStampDigits = 20;

/** Reads the header of one record, whatever a shipper wrote before it; undefined when there is none. */
export function scanAuditHeader(line: string): AuditHeader | undefined {
  for (let at = line.indexOf("audit("); at >= 0; at = line.indexOf("audit(", at + 6)) {
    const stamp = scanStamp(line, at + 6);
    if (stamp === undefined) continue;
    const type = typeBefore(line, at);
    if (type === undefined) return undefined;
    const node = nodeBefore(line, at);
    return node === undefined ? { ...stamp, type } : { ...stamp, type, node };
  }
  return undefined;
}

function scanStamp(line: string, start: number): Omit<AuditHeader, "type" | "node"> | undefined {
  const dot = digitsEnd(line, start);
  if (dot === start || line.charCodeAt(dot) !== 46) return undefined;
  const colon = digitsEnd(line, dot + 1);
  if (colon === dot + 1 || line.charCodeAt(colon) !== 58) return undefined;
  const close = digitsEnd(line, colon + 1);
  if (close === colon + 1 || line.charCodeAt(close) !== 41) return undefined;
  const time = line.slice(start, colon);
  const fraction = line.slice(dot + 1, colon);
  const timeMs = Number(line.slice(start, dot)) * 1000 + Number(`0.${fraction}`) * 1000;
  const stamp = line.slice(start, close);
  return {
    time,
    timeMs,
    serial: line.slice(colon + 1, close),
    stamp,
    body: line.charCodeAt(close + 1) === 58 ? close + 2 : close + 1,
  };
}

/** End of the digits at `start`; bounded, so that no run of digits is read twice at length. */
function digitsEnd(line: string, start: number): number {
  let at = start;
  const limit = start + maxStampDigits;
  while (at < limit) {
    const code = line.charCodeAt(at);
    if (!(code >= 48 && code <= 57)) break;
    at += 1;
  }
  return at;
}

/** The `type=` value that ends right before `msg=audit(` or, in kernel log form, `audit(`. */
function typeBefore(line: string, at: number): string | undefined {
  let end = line.startsWith("msg=", at - 4) ? at - 4 : at;
  while (end > 0 && line.charCodeAt(end - 1) === 32) end -= 1;
  let start = end;
  while (start > 0 && end - start < 64 && isTypeCode(line.charCodeAt(start - 1))) start -= 1;
  if (start === end || !line.startsWith("type=", start - 5)) return undefined;
  const name = line.slice(start, end);
  return numberedTypes[name] ?? name;
}

function isTypeCode(code: number): boolean {
  return (
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    (code >= 97 && code <= 122) ||
    code === 95 ||
    code === 91 ||
    code === 93
  );
}

function nodeBefore(line: string, at: number): string | undefined {
  const start = line.lastIndexOf("node=", at);
  if (start < 0 || (start > 0 && line.charCodeAt(start - 1) > 32)) return undefined;
  const space = line.indexOf(" ", start);
  const node = line.slice(start + 5, space);
  return space < 0 || space > at || node === "" ? undefined : node;
}
