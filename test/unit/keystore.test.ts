import { chmodSync, mkdirSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replaceKeystore } from "../../src/cli/replace-keystore.ts";
import { createKeystore } from "../../src/sdk/keystore.ts";
import { createLock, deriveKey, sealKeystore, unsealKeystore } from "../../src/sdk/keystore-format.ts";
import { createSecrets } from "../../src/sdk/secrets.ts";

const secret = "hunter-2-secret";
const open = createLock(false);
const keyOf = (lock = open): Buffer => deriveKey("", lock);

function fileIn(folder = mkdtempSync(join(tmpdir(), "tagsmith-keystore-"))): string {
  return join(folder, "keystore");
}

/** A keystore on disk, and the environment that names it. */
function keystoreWith(entries: Readonly<Record<string, string>>, passphrase?: string) {
  const path = fileIn();
  const { keyOf } = createKeystore({ TAGSMITH_KEYSTORE: path }, () => passphrase);
  replaceKeystore(path, () =>
    sealKeystore(new Map(Object.entries(entries)), createLock(passphrase !== undefined), keyOf),
  );
  return { path, environment: { TAGSMITH_KEYSTORE: path } };
}

function errorOf(work: () => unknown): Record<string, unknown> & { readonly message: string } {
  try {
    work();
  } catch (error) {
    return error as Record<string, unknown> & { readonly message: string };
  }
  throw new Error("nothing was thrown");
}

describe("the file of a keystore", () => {
  it("gives back what was put in, whatever it holds", () => {
    const large = "é".repeat(524_288);
    const hostile = ["a\nb\r\n\u0000", "🔑 \u202e naïve", "\"'\\", `$& $1 \${env:HOME}`, " blanks ", large];
    const entries = new Map([["__proto__", secret], ...hostile.map((value, n) => [`n${n}`, value] as const)]);
    const { secrets } = unsealKeystore(sealKeystore(entries, open, keyOf), "k", keyOf);
    expect(new Map(secrets)).toEqual(entries);
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string({ unit: "grapheme" })), (made) => {
        const map = new Map(Object.entries(made));
        expect(new Map(unsealKeystore(sealKeystore(map, open, keyOf), "k", keyOf).secrets)).toEqual(map);
      }),
      { numRuns: 50 },
    );
  });

  it("shows neither names nor secrets, and never has the same bytes twice", () => {
    const made = [1, 2].map(() => sealKeystore(new Map([["siem_key", secret]]), open, keyOf));
    for (const bytes of made) expect(bytes.toString("latin1")).not.toMatch(/siem_key|hunter/);
    expect(made[0]?.subarray(-16).equals(made[1]?.subarray(-16) ?? Buffer.alloc(0))).toBe(false);
  });

  it("is refused when a single bit differs, and when its end is missing", () => {
    const bytes = sealKeystore(new Map([["siem_key", secret]]), open, keyOf);
    const read = (changed: Buffer) => errorOf(() => unsealKeystore(changed, "the-file", keyOf));
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const error = read(changed);
      expect(String(error["code"])).toMatch(/^keystore_(invalid|version_newer|passphrase_missing)$/);
      expect(inspect(error)).not.toContain(secret);
    }
    for (let length = 0; length < bytes.length; length += 1)
      expect(read(bytes.subarray(0, length))).toMatchObject({ code: "keystore_invalid", remedy: "exit" });
  }, 60_000);

  it("is refused with a header that asks for more memory than keys need, or of a newer version", () => {
    const text = sealKeystore(new Map(), open, keyOf).toString("latin1");
    const read = (from: string, to: string) =>
      errorOf(() => unsealKeystore(Buffer.from(text.replace(from, to), "latin1"), "the-file", keyOf));
    expect(read('"cost":2', '"cost":1048576')["code"]).toBe("keystore_invalid");
    expect(read('"block_size":8', '"block_size":99999')["code"]).toBe("keystore_invalid");
    expect(read('"version":1', '"version":2')).toMatchObject({
      code: "keystore_version_newer",
      message: expect.stringContaining("the-file"),
    });
  });

  it("has a bound", () => {
    const million = "x".repeat(1024 * 1024);
    const entries = new Map(Array.from({ length: 17 }, (_, n) => [`n${n}`, million] as const));
    expect(errorOf(() => sealKeystore(entries, open, keyOf))["code"]).toBe("keystore_too_large");
  });
});

describe("a keystore on disk", () => {
  it("needs its passphrase, says whether one is missing, and not whether it is wrong or the file damaged", () => {
    const { path, environment } = keystoreWith({ siem_key: secret }, "open sesame ü");
    const read = (more: Readonly<Record<string, string>>) => () => createKeystore({ ...environment, ...more }).load();
    expect(read({ TAGSMITH_KEYSTORE_PASSPHRASE: "open sesame u\u0308" })().secrets.get("siem_key")).toBe(secret);
    const file = join(path, "..", "passphrase");
    writeFileSync(file, "open sesame ü\n");
    expect(read({ TAGSMITH_KEYSTORE_PASSPHRASE_FILE: file })().secrets.size).toBe(1);
    expect(errorOf(read({}))).toMatchObject({ code: "keystore_passphrase_missing" });
    const wrong = errorOf(read({ TAGSMITH_KEYSTORE_PASSPHRASE: "close sesame" }));
    expect(wrong.message).toMatch(/keystore: The passphrase is wrong, or the file is damaged\./);
    expect(inspect(wrong, { depth: 20, showHidden: true })).not.toMatch(/sesame|hunter/);
  });

  it("can be read by its owner alone, and is refused where others can read or write it", () => {
    const { path, environment } = keystoreWith({ siem_key: secret });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    for (const mode of [0o640, 0o604, 0o620, 0o602]) {
      chmodSync(path, mode);
      const error = errorOf(() => createKeystore(environment).load());
      expect(error["code"]).toBe("keystore_exposed");
      expect(error.message).toContain(`chmod 600 ${path}`);
    }
  });

  it("is not a folder, and not missing", () => {
    const path = fileIn();
    const read = () => createKeystore({ TAGSMITH_KEYSTORE: path }).load();
    expect(errorOf(read)).toMatchObject({
      code: "keystore_missing",
      message: expect.stringContaining("keystore create"),
    });
    mkdirSync(path);
    expect(errorOf(read)["code"]).toBe("keystore_unreadable");
  });

  it("stays as it was when a change fails, and where a link leads to it", () => {
    const { path, environment } = keystoreWith({ siem_key: secret });
    const link = `${path}.link`;
    symlinkSync(path, link);
    writeFileSync(`${path}.new`, "what a killed writer left");
    const before = readFileSync(path);
    const failed = errorOf(() =>
      replaceKeystore(link, () => {
        throw new Error("no space");
      }),
    );
    expect(failed).toMatchObject({ code: "keystore_unwritable" });
    expect(readFileSync(path).equals(before)).toBe(true);
    replaceKeystore(link, () => sealKeystore(new Map([["other", "x"]]), open, keyOf));
    expect([...createKeystore(environment).load().secrets.keys()]).toEqual(["other"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe("a setting", () => {
  const reference = (place: string, name: string): string => `\${${place}:${name}}`;

  it("takes entries of the keystore and credentials of systemd, in the midst of text, and looks at them once", () => {
    const { path, environment } = keystoreWith({ siem_key: reference("env", "HOME"), "a.b-c": "$& $1" });
    const credentials = join(path, "..");
    writeFileSync(join(credentials, "token"), "from-systemd\n");
    const secrets = createSecrets({ ...environment, CREDENTIALS_DIRECTORY: credentials, HOME: "/root" }, "source");
    const text = `<${reference("keystore", "siem_key")}|${reference("keystore", "a.b-c")}|${reference("credential", "token")}>`;
    expect(secrets.expand(text, "password")).toBe(`<\${env:HOME}|$& $1|from-systemd>`);
  });

  it("is named with the place and the fix where its secret cannot be had", () => {
    const { path, environment } = keystoreWith({ siem_key: secret });
    const read = (value: string, more = {}) =>
      errorOf(() => createSecrets({ ...environment, ...more }, "sink").read("api_key", { api_key: value }));
    const nameMissing = read(reference("keystore", "no_such"));
    expect(nameMissing["code"]).toBe("keystore_name_missing");
    expect(nameMissing.message).toBe(
      `sink.api_key: ${path} has no entry no_such. Add it with \`tagsmith keystore add no_such\`; \`tagsmith keystore list\` shows what is there.`,
    );
    expect(read(reference("keystore", "siem_key"), { TAGSMITH_KEYSTORE: "/no/such" }).message).toMatch(
      /^sink\.api_key: \/no\/such: there is no keystore\. .*keystore create/,
    );
    expect(read(reference("env", "NO_SUCH")).message).toMatch(/^sink\.api_key: the environment variable NO_SUCH/);
    expect(read(reference("credential", "token")).message).toMatch(
      /^sink\.api_key: CREDENTIALS_DIRECTORY.*LoadCredential=/,
    );
    for (const name of ["", "a b"]) {
      const message = `sink.api_key: "${name}" is not the name of an entry of a keystore.`;
      expect(read(reference("keystore", name))).toMatchObject({ code: "config_secret_missing", message });
    }
    const above = read(reference("credential", "../keystore"), { CREDENTIALS_DIRECTORY: join(path, "..") });
    expect(above.message).toContain("is not the name of a credential");
    for (const text of ["{SIEM_KEY}", "{vault:siem_key}", "{ENV:HOME}"]) {
      const unknown = read(`x$${text}`, { HOME: "/root" });
      expect(unknown["code"]).toBe("config_secret_missing");
      expect(unknown.message).toMatch(/^sink\.api_key: .*\$\{env:NAME\}/);
      expect(unknown.message).not.toMatch(/SIEM_KEY|vault|HOME/);
    }
    for (const text of ["$HOME", "a$", ...["{}", "{", "{a b}"].map((braces) => `$${braces}`)]) {
      expect(createSecrets({}, "sink").read("api_key", { api_key: text })).toBe(text);
    }
    const under = errorOf(() => createSecrets({}, "source").read("key", { key: reference("env", "X") }, "tls"));
    expect(under.message).toMatch(/^source\.tls\.key: /);
  });
});
