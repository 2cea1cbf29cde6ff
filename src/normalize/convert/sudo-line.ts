import type { Document } from "../../sdk/document.ts";
import { compilePath } from "../compile-path.ts";
import { decodeText } from "../decode-text.ts";

const fields = ["message", "MESSAGE", "log", "event.original", "@message"].map(compilePath);
const caller = /^\s{0,100}(\S{1,256}) {1,20}: /;
const continued = "(command continued) ";

/**
 * A line of sudo (`alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls`, after any header) with its parts under
 * `sudo`: `user`, `tty`, `pwd`, `run_as`, `command`, `program`, and `error` where sudo refused; `continued` where the line goes on from
 * another. Undefined for every other text; a COMMAND= that sudo did not write has no caller and no PWD= in front.
 */
export function convertSudoLine(document: Document): readonly Document[] | undefined {
  for (const read of fields) {
    const text = read(document);
    const sudo = typeof text === "string" ? readSudo(text) : undefined;
    if (sudo !== undefined) return [{ ...document, sudo }];
  }
  return undefined;
}

function readSudo(text: string): Document | undefined {
  const match = caller.exec(text);
  if (match === null) return undefined;
  const [whole, user = ""] = match;
  const rest = text.slice(whole.length);
  if (rest.startsWith(continued)) return { user, continued: true };
  const at = rest.indexOf("COMMAND=");
  const parts = at < 0 ? [] : rest.slice(0, at).split(" ; ", 20);
  const part = (name: string) => parts.find((one) => one.startsWith(name))?.slice(name.length) ?? null;
  if (part("PWD=") === null && part("TTY=") === null) return undefined;
  const command = decodeText("octal_escapes", rest.slice(at + "COMMAND=".length));
  const [first = ""] = parts;
  return {
    user,
    tty: part("TTY="),
    pwd: part("PWD="),
    run_as: part("USER="),
    command,
    program: /^\S+/.exec(command)?.[0] ?? null,
    error: /^[A-Z]+=/.test(first) ? null : first,
  };
}
