import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";

/** Secrets by name. */
export type SecretsByName = ReadonlyMap<string, string>;

/** How the key of a keystore is made; it stays the same for the life of the file. */
export type KeystoreLock = z.infer<typeof lockSchema>;

/** Makes the key of a keystore; throws TagsmithError where the passphrase is not known. */
export type KeyOf = (lock: KeystoreLock) => Buffer;

/** What a keystore may hold in all, in bytes. */
export const maxKeystoreBytes = 16 * 1024 * 1024;

const version = 1;
const magic = "tagsmith-keystore ";
const maxHeaderBytes = 1_024;
const maxKeyMemoryBytes = 512 * 1024 * 1024;
const tagBytes = 16;
const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));

const lockSchema = z
  .strictObject({
    kdf: z.literal("scrypt"),
    cost: z
      .int()
      .min(2)
      .max(2 ** 20)
      .refine((cost) => Number.isInteger(Math.log2(cost))),
    block_size: z.int().min(1).max(32),
    parallelization: z.int().min(1).max(16),
    salt: hex(16),
    /** false: the key follows from the file alone, whose mode is all that protects it. */
    has_passphrase: z.boolean(),
  })
  .refine(({ cost, block_size }) => 128 * cost * block_size < maxKeyMemoryBytes);
const headerSchema = z.strictObject({ version: z.literal(version), lock: lockSchema, nonce: hex(12) });
const anyHeaderSchema = z.looseObject({ version: z.int() });
const contentSchema = z.array(z.tuple([z.string(), z.string()]));

/** A fresh lock. Where there is no passphrase there is nothing to guess, so the key costs nothing. */
export function createLock(hasPassphrase: boolean): KeystoreLock {
  const cost = hasPassphrase ? 2 ** 17 : 2;
  const salt = randomBytes(16).toString("hex");
  return { kdf: "scrypt", cost, block_size: 8, parallelization: 1, salt, has_passphrase: hasPassphrase };
}

/** Takes a third of a second and 128 MiB of memory with a passphrase, so that guessing does. */
export function deriveKey(passphrase: string, { cost, block_size, parallelization, salt }: KeystoreLock): Buffer {
  const memory = { N: cost, r: block_size, p: parallelization, maxmem: 2 * maxKeyMemoryBytes };
  return scryptSync(passphrase.normalize("NFC"), Buffer.from(salt, "hex"), 32, memory);
}

/**
 * A keystore file: a line of text that says how the key is made, then the names and secrets by AES-256-GCM, whose tag
 * covers that line, too. Each call takes a nonce of its own, as that mode needs. Throws `keystore_too_large`.
 */
export function sealKeystore(secrets: SecretsByName, lock: KeystoreLock, keyOf: KeyOf): Buffer {
  const content = Buffer.from(JSON.stringify([...secrets].sort(([a], [b]) => (a < b ? -1 : 1))));
  if (content.length > maxKeystoreBytes - maxHeaderBytes - tagBytes) {
    const message = `A keystore holds ${maxKeystoreBytes} bytes at most. Remove what is not needed: \`tagsmith keystore remove NAME\`.`;
    throw new TagsmithError("keystore_too_large", message, "exit");
  }
  const nonce = randomBytes(12);
  const header = Buffer.from(`${magic}${JSON.stringify({ version, lock, nonce: nonce.toString("hex") })}\n`);
  const cipher = createCipheriv("aes-256-gcm", keyOf(lock), nonce).setAAD(header);
  return Buffer.concat([header, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/**
 * What `sealKeystore` made. Throws `keystore_invalid` or `keystore_version_newer`, which name `path`; neither says more
 * of the content than that it cannot be read.
 */
export function unsealKeystore(
  bytes: Buffer,
  path: string,
  keyOf: KeyOf,
): { readonly lock: KeystoreLock; readonly secrets: SecretsByName } {
  const headerEnd = bytes.subarray(0, maxHeaderBytes).indexOf("\n") + 1;
  const { lock, nonce } = parseHeader(bytes.toString("latin1", 0, headerEnd), path);
  if (bytes.length < headerEnd + tagBytes) throw invalid(path, "The file is damaged: its end is missing.");
  const decipher = createDecipheriv("aes-256-gcm", keyOf(lock), Buffer.from(nonce, "hex"), { authTagLength: tagBytes })
    .setAAD(bytes.subarray(0, headerEnd))
    .setAuthTag(bytes.subarray(-tagBytes));
  try {
    const content = Buffer.concat([decipher.update(bytes.subarray(headerEnd, -tagBytes)), decipher.final()]);
    return { lock, secrets: new Map(contentSchema.parse(JSON.parse(content.toString("utf8")))) };
  } catch {
    // The cause is left out: what cannot be parsed would be quoted in it.
    if (!lock.has_passphrase) throw invalid(path, "The file is damaged.");
    const variables = "TAGSMITH_KEYSTORE_PASSPHRASE or TAGSMITH_KEYSTORE_PASSPHRASE_FILE";
    throw invalid(path, `The passphrase is wrong, or the file is damaged. Check ${variables}.`);
  }
}

function parseHeader(line: string, path: string): z.infer<typeof headerSchema> {
  const value = line.startsWith(magic) ? parseJson(line.slice(magic.length)) : undefined;
  const found = anyHeaderSchema.safeParse(value).data?.version ?? version;
  if (found > version) {
    const message = `${path}: the keystore has version ${found}, this program knows ${version}. Use the newer program.`;
    throw new TagsmithError("keystore_version_newer", message, "exit");
  }
  const header = headerSchema.safeParse(value).data;
  if (header === undefined) throw invalid(path, "This is no keystore, or the file is damaged.");
  return header;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(path: string, what: string): TagsmithError {
  const advice = "A damaged one is restored, or made anew by `tagsmith keystore create --force`.";
  return new TagsmithError("keystore_invalid", `${path}: ${what} ${advice}`, "exit");
}
