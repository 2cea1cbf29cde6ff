import { randomBytes } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Access, type AccessName, elasticsearchAccess, openSearchAccess } from "../deploy/access-roles.ts";
import { createAccess, type Secret } from "../deploy/create-access.ts";
import type { ServerFacts } from "../deploy/probe-server.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SearchServer } from "../sdk/search-server.ts";
import type { ConnectionConfig, InitAnswers, InitOptions } from "./init-options.ts";

/** What each part needs; nothing on a server without security. */
export function accessOf(facts: ServerFacts, { indices }: InitAnswers, options: InitOptions): readonly Access[] {
  if (!facts.hasSecurity) return [];
  const settings = { indices, namespace: options.namespace, expiresDays: options.expiresDays };
  if (facts.product === "elasticsearch") return elasticsearchAccess(settings);
  return openSearchAccess(settings, () => randomBytes(24).toString("base64url"));
}

/** Rules are deployed by hand or by another process: its key is shown, not created with the others. */
export async function createKeys(
  server: SearchServer,
  access: readonly Access[],
  { admin }: InitAnswers,
  signal: AbortSignal,
): Promise<Map<AccessName, Secret>> {
  if (server.product === "elasticsearch" && admin !== undefined && "api_key" in admin) {
    const message =
      "Elasticsearch lets an API key create only keys without rights: give --admin-username and --admin-password-env instead.";
    throw new TagsmithError("option_invalid", message, "exit");
  }
  const secrets = new Map<AccessName, Secret>();
  for (const one of access)
    if (one.name !== "rule_deployer") secrets.set(one.name, await createAccess(server, one, signal));
  return secrets;
}

/** Beside the configuration. */
export function secretPath({ config }: InitOptions, name: AccessName): string {
  return join(dirname(config), ".tagsmith", `${name}.secret`);
}

/** Secrets go into files that only their owner can read. */
export async function storeSecrets(secrets: ReadonlyMap<AccessName, Secret>, options: InitOptions): Promise<void> {
  for (const [name, secret] of secrets) {
    const path = secretPath(options, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, `${secret.kind === "api_key" ? secret.apiKey : secret.password}\n`, { mode: 0o600 });
    // One that was there keeps its mode otherwise.
    await chmod(path, 0o600);
  }
}

/** How the configuration proves itself with what is in the file at `path`. */
export function loginOf(
  access: readonly Access[],
  name: AccessName,
  path: string | undefined,
): ConnectionConfig | undefined {
  if (path === undefined) return undefined;
  const user = access.find((each) => each.name === name)?.user;
  return user === undefined ? { api_key_file: path } : { username: user, password_file: path };
}
