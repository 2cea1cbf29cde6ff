/** Whether a quoted value can hold the text as it stands. */
const plain = /^[ !#-~]*$/;
/** The audit system's and its shippers' ways of saying that there is no value. */
const unset: ReadonlySet<string> = new Set(["", "4294967295", "-1", "unset", "(null)", "?", "(none)"]);

/**
 * One field as the kernel would write it, with a space in front: quoted where that can hold the text, else as hex. So no
 * text, whatever is in it, ends the field or starts a record.
 */
export function writeText(name: string, text: string): string {
  return plain.test(text) ? ` ${name}="${text}"` : ` ${name}=${Buffer.from(text).toString("hex").toUpperCase()}`;
}

/** A text field, or nothing where there is no value. */
export function writeSet(name: string, text: string | undefined): string {
  return text === undefined || unset.has(text) ? "" : writeText(name, text);
}

/** A number or name without quotes, or nothing where there is none or it holds anything else. */
export function writeBare(name: string, text: string | undefined): string {
  if (text === undefined || unset.has(text) || !/^[A-Za-z0-9_./:+-]{1,128}$/.test(text)) return "";
  return ` ${name}=${text}`;
}

/** What `type=… msg=audit(…)` says before a record's fields; `node` only where it can be written. */
export function writeHeader(type: string, stamp: string, node?: string): string {
  const from = node === undefined || !/^[^\s"'=]{1,255}$/.test(node) ? "" : `node=${node} `;
  return `${from}type=${type} msg=audit(${stamp}):`;
}

const gap = /^(?:\[\.\.\. (\d{1,7}) truncated arguments \.\.\.\]|<<< Skipped: args=(\d{1,7}), bytes=\d{1,12} >>>)$/;

/** Whether an element stands for arguments that were lost. */
export function isGap(arg: string | undefined): boolean {
  return arg !== undefined && gap.test(arg);
}

/**
 * Arguments as the fields of an EXECVE record. An element that stands for lost ones leaves their numbers out, so that
 * they count as lost and another record may still bring them. What follows such a beginning may be the rest of an
 * argument that another record begins.
 */
export function writeArguments(args: readonly string[], argc?: string): string {
  let fields = writeBare("argc", argc);
  let place = 0;
  let continues = isGap(args[0]);
  for (const arg of args) {
    const lost = gap.exec(arg);
    if (lost !== null) {
      place += Number(lost[1] ?? lost[2]);
      continue;
    }
    fields += writeText(continues ? `a${place}[+]` : `a${place}`, arg);
    continues = false;
    place += 1;
  }
  return fields;
}
