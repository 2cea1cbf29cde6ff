import { readFileSync } from "node:fs";
import { TagsmithError } from "../event/tagsmith-error.ts";

/** The text of the file that an option names, without the newline at its end; throws `config_secret_missing`. */
export function readSecretFile(path: string, option: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw secretMissing(`${option}: the file cannot be read: ${reason}`);
  }
  if (text === "") throw secretMissing(`${option}: the file ${path} is empty.`);
  return text;
}

/** A secret that a setting names is not there; `message` names it and never holds one. */
export function secretMissing(message: string): TagsmithError {
  return new TagsmithError("config_secret_missing", message, "exit");
}
