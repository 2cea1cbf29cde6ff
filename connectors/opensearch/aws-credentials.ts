import { type Secrets, TagsmithError } from "#sdk";
import type { OpenSearchConnectionConfig } from "../elasticsearch/connection-config.ts";
import { createKeyFinder, type FoundKeys } from "./find-aws-keys.ts";

type AwsConfig = NonNullable<OpenSearchConnectionConfig["aws"]>;

/** Keys to sign with, and when to ask for them again at the latest. */
interface SigningKeys extends FoundKeys {
  readonly expiration: Date;
}

/** How long keys for signing are used before they are asked for again: files may hold newer ones by then. */
const rereadMs = 300_000;
const findLimitMs = 15_000;

/**
 * Keys from the settings or the usual variables, else from where AWS's own tools find them. Throws
 * `config_secret_missing`; what is returned is called before keys end, and throws that or `siem_aws_keys_missing`.
 */
export async function openAwsKeys(
  config: AwsConfig,
  secrets: Secrets,
  now: () => number,
): Promise<() => Promise<SigningKeys>> {
  const { environment } = secrets;
  if (!areGiven(config, environment)) {
    const find = await createKeyFinder({ region: config.region, environment, limitMs: findLimitMs });
    return async () => limited(await find(), now());
  }
  readKeys(config, secrets);
  return async () => limited(readKeys(config, secrets), now());
}

function limited(keys: FoundKeys, now: number): SigningKeys {
  return { ...keys, expiration: new Date(Math.min(keys.expiration?.getTime() ?? Infinity, now + rereadMs)) };
}

/** Whether the settings or the variables hold keys, be it half of what is needed. */
function areGiven(config: AwsConfig, environment: Secrets["environment"]): boolean {
  const variables = [environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]];
  return areInSettings(config) || variables.some((value) => (value ?? "") !== "");
}

function areInSettings(config: AwsConfig): boolean {
  return Object.keys(config).some((name) => /^(access_key_id|secret_access_key)/.test(name));
}

function readKeys(config: AwsConfig, secrets: Secrets): FoundKeys {
  const inSettings = areInSettings(config);
  const read = (option: string): string | undefined =>
    (inSettings ? secrets.read(option, config, "aws") : secrets.environment[`AWS_${option.toUpperCase()}`]) ||
    undefined;
  const accessKeyId = read("access_key_id");
  const secretAccessKey = read("secret_access_key");
  const sessionToken = read("session_token");
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const message =
      "aws: half of the keys to sign with is missing; give access_key_id and secret_access_key, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or none of them.";
    throw new TagsmithError("config_secret_missing", message, "exit");
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
