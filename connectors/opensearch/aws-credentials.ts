import { type Secrets, TagsmithError } from "#sdk";
import type { OpenSearchConnectionConfig } from "../elasticsearch/connection-config.ts";

type AwsConfig = NonNullable<OpenSearchConnectionConfig["aws"]>;

/** Keys to sign with. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Reads the keys from the settings, else from the usual variables. Throws `config_secret_missing`. */
export function readAwsKeys(config: AwsConfig, secrets: Secrets): AwsKeys {
  const isGiven = Object.keys(config).some((name) => /^(access_key_id|secret_access_key)/.test(name));
  const read = (option: string): string | undefined =>
    isGiven ? secrets.read(option, config, "aws") : secrets.environment[`AWS_${option.toUpperCase()}`];
  const accessKeyId = read("access_key_id");
  const secretAccessKey = read("secret_access_key");
  const sessionToken = read("session_token");
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const message =
      "aws: no keys to sign with; give access_key_id and secret_access_key, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
    throw new TagsmithError("config_secret_missing", message, "exit");
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
