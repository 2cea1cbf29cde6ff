import { join } from "node:path";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { createKeystore, type Environment, type Keystore } from "./keystore.ts";
import { readSecretFile, secretMissing } from "./read-secret-file.ts";

/** Settings as they are once their secrets are read. Messages name setting and place, and never hold a secret. */
export interface Secrets {
  readonly environment: Environment;
  /**
   * Text with every `${env:NAME}`, `${keystore:NAME}` and `${credential:NAME}` replaced; what comes in is not looked at
   * again, so that a secret may hold `${`. Throws `config_secret_missing` (also of `${NAME}` and of other places than
   * these), `keystore_name_missing` and what reading a keystore throws.
   */
  expand(text: string, option: string): string;
  /**
   * The setting `name`, or what is in the file that `<name>_file` names; undefined when neither is given. `under` is where
   * `settings` stand. Throws as `expand` does.
   */
  read(name: string, settings: Readonly<Record<string, unknown>>, under?: string): string | undefined;
  /** The text of a file whose path is expanded, without the newline at its end. Throws as `expand` does. */
  readFile(path: string, option: string): string;
}

const reference = /\$\{(?:(\w+):([^}]*)|\w+)\}/g;
/** Names of entries of a keystore, and of systemd's credentials. */
const entryName = /^\w[\w.-]{0,127}$/;

/** Whether a keystore can have an entry of this name. */
export function isEntryName(name: string): boolean {
  return entryName.test(name);
}

/** What settings of `part`, such as `source`, name: the keystore and files are read as they are asked for. */
export function createSecrets(environment: Environment, part: string): Secrets {
  const keystore = createKeystore(environment);
  const expandAt = (text: string, at: string): string =>
    text.replaceAll(reference, (_whole, place: string | undefined, name: string) => {
      switch (place) {
        case "env":
          return readVariable(environment, name, at);
        case "keystore":
          return readEntry(keystore, name, at);
        case "credential":
          return readCredential(environment, name, at);
        default:
          throw unknownPlace(at);
      }
    });
  const readFileAt = (path: string, at: string): string => readSecretFile(expandAt(path, at), at);
  return {
    environment,
    expand: (text, option) => expandAt(text, `${part}.${option}`),
    read: (name, settings, under) => {
      const at = [part, under, name].filter((word) => word !== undefined).join(".");
      const inline = settings[name];
      if (typeof inline === "string") return expandAt(inline, at);
      const file = settings[`${name}_file`];
      return typeof file === "string" ? readFileAt(file, `${at}_file`) : undefined;
    },
    readFile: (path, option) => readFileAt(path, `${part}.${option}`),
  };
}

/** Does not say what was found: it may be a piece of a secret. */
function unknownPlace(at: string): TagsmithError {
  const places = ["env", "keystore", "credential"].map((place) => `\${${place}:NAME}`).join(", ");
  const advice = "A secret that holds such text itself must come from one of these, or from a file.";
  return secretMissing(`${at}: what stands in \${…} names no place to read from: write ${places}. ${advice}`);
}

function readVariable(environment: Environment, name: string, at: string): string {
  const value = environment[name];
  if (value !== undefined && value !== "") return value;
  throw secretMissing(`${at}: the environment variable ${name} is not set.`);
}

function readEntry(keystore: Keystore, name: string, at: string): string {
  if (!isEntryName(name)) throw secretMissing(`${at}: "${name}" is not the name of an entry of a keystore.`);
  try {
    const secret = keystore.load().secrets.get(name);
    if (secret !== undefined) return secret;
  } catch (error) {
    if (!(error instanceof TagsmithError)) throw error;
    throw new TagsmithError(error.code, `${at}: ${error.message}`, "exit", error.cause);
  }
  const advice = `Add it with \`tagsmith keystore add ${name}\`; \`tagsmith keystore list\` shows what is there.`;
  throw new TagsmithError("keystore_name_missing", `${at}: ${keystore.path} has no entry ${name}. ${advice}`, "exit");
}

/** A file that systemd's `LoadCredential=` or `LoadCredentialEncrypted=` has put there for this service alone. */
function readCredential(environment: Environment, name: string, at: string): string {
  const folder = environment["CREDENTIALS_DIRECTORY"];
  if (!isEntryName(name)) throw secretMissing(`${at}: ${name} is not the name of a credential.`);
  if (folder !== undefined && folder !== "") return readSecretFile(join(folder, name), at);
  const advice = `start Tagsmith as a service of systemd with LoadCredential=${name}:PATH`;
  throw secretMissing(`${at}: CREDENTIALS_DIRECTORY, which holds the credential ${name}, is not set; ${advice}.`);
}
