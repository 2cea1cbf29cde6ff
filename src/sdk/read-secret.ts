import { readFileSync } from "node:fs";
import { TagsmithError } from "../event/tagsmith-error.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Text with every `${env:NAME}` replaced; throws `config_secret_missing` which names option and variable. */
export function expandVariables(text: string, option: string, environment: Environment): string {
  return text.replaceAll(/\$\{env:([A-Za-z_]\w*)\}/g, (_whole, name: string) => {
    const value = environment[name];
    if (value !== undefined && value !== "") return value;
    throw missing(`${option}: the environment variable ${name} is not set.`);
  });
}

/**
 * A secret from its option or from the file that `<option>_file` names, without the newline at its end. Undefined when
 * neither is given. Throws `config_secret_missing`; the message never holds a secret.
 */
export function readSecret(
  option: string,
  settings: Readonly<Record<string, unknown>>,
  environment: Environment,
): string | undefined {
  const inline = settings[option];
  if (typeof inline === "string") return expandVariables(inline, option, environment);
  const file = settings[`${option}_file`];
  return typeof file === "string"
    ? readSecretFile(expandVariables(file, `${option}_file`, environment), `${option}_file`)
    : undefined;
}

/** The text of the file that an option names, without the newline at its end; throws `config_secret_missing`. */
export function readSecretFile(path: string, option: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw missing(`${option}: the file cannot be read: ${reason}`);
  }
  if (text === "") throw missing(`${option}: the file ${path} is empty.`);
  return text;
}

function missing(message: string): TagsmithError {
  return new TagsmithError("config_secret_missing", message, "exit");
}
