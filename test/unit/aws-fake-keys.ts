import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";

const hourMs = 3_600_000;

/** An environment in which nothing leads to keys; undone by `vi.unstubAllEnvs`. */
export function stubNoKeys(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  vi.stubEnv("HOME", mkdtempSync(join(tmpdir(), "tagsmith-aws-")));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
  vi.stubEnv("AWS_CONFIG_FILE", "/dev/null");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
}

/** The path of a new file that holds `text`. */
export function fileOf(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "tagsmith-aws-")), "file");
  writeFileSync(path, text);
  return path;
}

/** Keys as the sources of containers and instances write them. */
export const keysOf = (name: string, lifeMs = hourMs) => ({
  AccessKeyId: `ASIA${name}`,
  SecretAccessKey: `secret-of-${name}`,
  Token: `session-of-${name}`,
  Expiration: new Date(Date.now() + lifeMs).toISOString(),
});

/** The token of a service account. */
export const accountToken = `eyJhbGciOiJSUzI1NiJ9.${"payload0".repeat(12)}.${"signature".repeat(6)}`;

/** A service account whose token `url` takes. */
export function stubWebIdentity(url: string): void {
  vi.stubEnv("AWS_WEB_IDENTITY_TOKEN_FILE", fileOf(accountToken));
  vi.stubEnv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/reader");
  vi.stubEnv("AWS_ENDPOINT_URL_STS", url);
}

/** What the token service answers. */
export function assumedRole(keys: ReturnType<typeof keysOf>): string {
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = keys;
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
    <Credentials><AccessKeyId>${AccessKeyId}</AccessKeyId><SecretAccessKey>${SecretAccessKey}</SecretAccessKey>
    <SessionToken>${Token}</SessionToken><Expiration>${Expiration}</Expiration></Credentials>
    </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
}

/** A profile of a session that someone has signed in to. */
export function stubSingleSignOn(url: string): void {
  const config = [
    "[profile person]",
    "sso_session = corp",
    "sso_account_id = 111122223333",
    "sso_role_name = reader",
    "[sso-session corp]",
    "sso_region = us-east-1",
    "sso_start_url = https://example.com/start",
  ];
  vi.stubEnv("AWS_CONFIG_FILE", fileOf(config.join("\n")));
  vi.stubEnv("AWS_PROFILE", "person");
  vi.stubEnv("AWS_ENDPOINT_URL_SSO", url);
  const folder = join(process.env["HOME"] ?? "", ".aws", "sso", "cache");
  mkdirSync(folder, { recursive: true });
  const token = { accessToken: "sso-token", expiresAt: new Date(Date.now() + hourMs).toISOString() };
  const name = createHash("sha1").update("corp").digest("hex");
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(token));
}
