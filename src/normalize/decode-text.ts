import type { WrongType } from "./coerce-value.ts";

/** Escapings a mapping's value may undo. */
export const valueDecoders = ["octal_escapes"] as const;
export type ValueDecoder = (typeof valueDecoders)[number];

const octal = /#(0[0-3][0-7]|040|177)/g;

/**
 * Undoes an escaping. `octal_escapes`: control characters and blanks written as `#012`, as syslog daemons and sudo do
 * (rsyslog `$EscapeControlCharactersOnReceive`, sudoers(5)); every other `#` stays.
 */
export function decodeText(decoder: ValueDecoder, text: string): string {
  switch (decoder) {
    case "octal_escapes":
      return text.includes("#")
        ? text.replace(octal, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
        : text;
  }
}

/** A command line of a program and its arguments, where the arguments may or may not begin with the program already. */
export function prependProgram(program: string | undefined | WrongType, text: string): string {
  if (typeof program !== "string") return text;
  const begins = text.startsWith(program) && (text.length === program.length || text[program.length] === " ");
  return begins ? text : `${program} ${text}`;
}
