import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { TagsmithError } from "../event/tagsmith-error.ts";
import {
  deriveKey,
  type KeyOf,
  type KeystoreLock,
  maxKeystoreBytes,
  type SecretsByName,
  unsealKeystore,
} from "./keystore-format.ts";
import { readSecretFile } from "./read-secret-file.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The keystore that an environment names. */
export interface Keystore {
  readonly path: string;
  /** The key of a lock; the last one is remembered, so that one process waits for it once. */
  readonly keyOf: KeyOf;
  /**
   * Reads the file anew. Throws `keystore_missing`, `keystore_unreadable`, `keystore_exposed`, `keystore_invalid`,
   * `keystore_version_newer`, `keystore_passphrase_missing`.
   */
  load(): { readonly lock: KeystoreLock; readonly secrets: SecretsByName };
}

/** Opens nothing yet. `passphrase` is asked when a keystore needs one. */
export function createKeystore(environment: Environment, passphrase = () => passphraseOf(environment)): Keystore {
  const path = environment["TAGSMITH_KEYSTORE"] || ".tagsmith/keystore";
  let last: { readonly id: string; readonly key: Buffer } | undefined;
  const keyOf = (lock: KeystoreLock): Buffer => {
    const secret = lock.has_passphrase ? passphrase() : "";
    if (secret === undefined) throw withoutPassphrase(path);
    const id = JSON.stringify([lock, secret]);
    if (last?.id !== id) last = { id, key: deriveKey(secret, lock) };
    return last.key;
  };
  return { path, keyOf, load: () => unsealKeystore(readKeystoreFile(path), path, keyOf) };
}

/** The passphrase that an environment gives or whose file it names. Throws `config_secret_missing`. */
export function passphraseOf(environment: Environment): string | undefined {
  const file = environment["TAGSMITH_KEYSTORE_PASSPHRASE_FILE"];
  return (
    environment["TAGSMITH_KEYSTORE_PASSPHRASE"] ||
    (file ? readSecretFile(file, "TAGSMITH_KEYSTORE_PASSPHRASE_FILE") : undefined)
  );
}

function readKeystoreFile(path: string): Buffer {
  let file: number | undefined;
  try {
    // A pipe of that name must not be waited for.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = fstatSync(file);
    if (!found.isFile() || found.size > maxKeystoreBytes) throw unreadable(path, "it is no keystore");
    if (process.platform !== "win32" && (found.mode & 0o077) !== 0) throw exposed(path, found.mode);
    return readFileSync(file);
  } catch (cause) {
    throw cause instanceof TagsmithError ? cause : openError(path, cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function openError(path: string, cause: unknown): TagsmithError {
  const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  if (reason !== "ENOENT") return unreadable(path, reason, cause);
  const message = `${path}: there is no keystore. Make one with \`tagsmith keystore create\`, or name it in TAGSMITH_KEYSTORE.`;
  return new TagsmithError("keystore_missing", message, "exit", cause);
}

function unreadable(path: string, reason: string, cause?: unknown): TagsmithError {
  const message = `${path}: the keystore cannot be read: ${reason}. Check the path in TAGSMITH_KEYSTORE and its owner.`;
  return new TagsmithError("keystore_unreadable", message, "exit", cause);
}

function exposed(path: string, mode: number): TagsmithError {
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  const message = `${path}: others than its owner may read or change the keystore (mode ${octal}): \`chmod 600 ${path}\`, and renew its secrets if they may have been read.`;
  return new TagsmithError("keystore_exposed", message, "exit");
}

function withoutPassphrase(path: string): TagsmithError {
  const message = `${path}: a passphrase protects the keystore: set TAGSMITH_KEYSTORE_PASSPHRASE, or TAGSMITH_KEYSTORE_PASSPHRASE_FILE.`;
  return new TagsmithError("keystore_passphrase_missing", message, "exit");
}
