import { lstatSync } from "node:fs";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { createKeystore, type Environment, passphraseOf } from "../sdk/keystore.ts";
import { createLock, sealKeystore } from "../sdk/keystore-format.ts";
import { isEntryName } from "../sdk/secrets.ts";
import type { Asker } from "./ask.ts";
import { exitCodes } from "./exit-code.ts";
import { replaceKeystore } from "./replace-keystore.ts";
import type { Terminal } from "./terminal.ts";

/** Where a command of the keystore gets what must not stand on a command line. */
export interface KeystoreInput {
  readonly environment: Environment;
  /** Absent where nobody can be asked. */
  readonly asker?: Asker | undefined;
  /** All of standard input, at most `maxBytes` and one more. */
  readonly readAll: (maxBytes: number) => Promise<Buffer>;
}

const maxSecretBytes = 1024 * 1024;

/** `tagsmith keystore create`: an empty keystore. */
export async function createKeystoreCommand(
  { force }: { readonly force: boolean },
  { environment, asker }: KeystoreInput,
  terminal: Terminal,
): Promise<number> {
  const { path } = createKeystore(environment);
  const refuse = (): void => {
    if (!force && lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      throw invalid(`${path}: is there already. --force makes a new one without its entries.`);
  };
  refuse();
  const passphrase = passphraseOf(environment) ?? (await askNewPassphrase(asker));
  const { keyOf } = createKeystore(environment, () => passphrase);
  replaceKeystore(path, () => {
    refuse();
    return sealKeystore(new Map(), createLock(passphrase !== undefined), keyOf);
  });
  terminal.err.write(`${createdText(path, passphrase !== undefined)}\n`);
  return exitCodes.ok;
}

/** `tagsmith keystore add`: an entry, its secret from a hidden prompt or from standard input. */
export async function addSecretCommand(
  name: string,
  options: { readonly stdin: boolean; readonly force: boolean },
  input: KeystoreInput,
  terminal: Terminal,
): Promise<number> {
  if (!isEntryName(name))
    throw invalid(
      "NAME takes up to 128 letters, digits, dots, dashes and underscores, and begins with neither a dot nor a dash.",
    );
  const keystore = await openToChange(input);
  const refuse = (secrets: ReadonlyMap<string, string>): void => {
    if (secrets.has(name) && !options.force)
      throw invalid(`${keystore.path} has an entry ${name}. --force replaces it.`);
  };
  refuse(keystore.load().secrets);
  const secret = options.stdin ? await secretOfInput(input) : await askSecret(name, input);
  replaceKeystore(keystore.path, () => {
    const { lock, secrets } = keystore.load();
    refuse(secrets);
    return sealKeystore(new Map(secrets).set(name, secret), lock, keystore.keyOf);
  });
  terminal.err.write(`Added ${name}: settings take it as \${keystore:${name}}.\n`);
  return exitCodes.ok;
}

/** `tagsmith keystore remove`. */
export async function removeSecretCommand(name: string, input: KeystoreInput, terminal: Terminal): Promise<number> {
  const keystore = await openToChange(input);
  const without = (): Buffer => {
    const { lock, secrets } = keystore.load();
    const left = new Map(secrets);
    if (left.delete(name)) return sealKeystore(left, lock, keystore.keyOf);
    const message = `${keystore.path} has no entry ${name}. \`tagsmith keystore list\` shows what is there.`;
    throw new TagsmithError("keystore_name_missing", message, "exit");
  };
  keystore.load();
  replaceKeystore(keystore.path, without);
  terminal.err.write(`Removed ${name}.\n`);
  return exitCodes.ok;
}

/** `tagsmith keystore list`: names, a line each, and nothing else. */
export async function listSecretsCommand(input: KeystoreInput, terminal: Terminal): Promise<number> {
  const { secrets } = (await openToChange(input)).load();
  for (const name of secrets.keys()) terminal.out.write(`${name}\n`);
  return exitCodes.ok;
}

/** The keystore of the environment; people are asked for a passphrase that it does not hold, once. */
async function openToChange({ environment, asker }: KeystoreInput): Promise<ReturnType<typeof createKeystore>> {
  const keystore = createKeystore(environment);
  try {
    keystore.load();
    return keystore;
  } catch (error) {
    if (!(error instanceof TagsmithError) || error.code !== "keystore_passphrase_missing" || asker === undefined)
      throw error;
  }
  const passphrase = await asker.askSecret("Passphrase of the keystore");
  return createKeystore(environment, () => passphrase);
}

async function askNewPassphrase(asker: Asker | undefined): Promise<string | undefined> {
  if (asker === undefined) return undefined;
  const passphrase = await asker.askSecret("Passphrase of the keystore (empty: none)");
  if (passphrase === "") return undefined;
  if ((await asker.askSecret("The same again")) === passphrase) return passphrase;
  throw invalid("The passphrases differ: nothing was made.");
}

async function askSecret(name: string, { asker }: KeystoreInput): Promise<string> {
  if (asker === undefined) throw invalid("Nobody can be asked for the secret here: give it with --stdin.");
  return checked(Buffer.from(await asker.askSecret(`Secret for ${name}`)));
}

/** Without the newline at its end, as files of secrets are read. */
async function secretOfInput({ readAll }: KeystoreInput): Promise<string> {
  const bytes = await readAll(maxSecretBytes + 2);
  const newline = bytes.at(-1) === 10 ? (bytes.at(-2) === 13 ? 2 : 1) : 0;
  return checked(bytes.subarray(0, bytes.length - newline));
}

function checked(bytes: Buffer): string {
  if (bytes.length === 0) throw invalid("The secret is empty: nothing was added.");
  if (bytes.length > maxSecretBytes) throw invalid(`A secret has ${maxSecretBytes} bytes at most: nothing was added.`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid("The secret is not UTF-8: nothing was added.");
  }
}

function createdText(path: string, hasPassphrase: boolean): string {
  if (hasPassphrase) {
    return `Created ${path}, protected by its passphrase: give it to what reads the keystore in TAGSMITH_KEYSTORE_PASSPHRASE or TAGSMITH_KEYSTORE_PASSPHRASE_FILE.`;
  }
  return `Created ${path} without a passphrase: its mode (0600) is all that protects it. Who can read the file, or a copy of it, can read its secrets.`;
}

function invalid(message: string): TagsmithError {
  return new TagsmithError("option_invalid", message, "exit");
}
