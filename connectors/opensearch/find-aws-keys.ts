import { setTimeout as sleep } from "node:timers/promises";
import type { Secrets } from "#sdk";
import { SearchError } from "../elasticsearch/search-error.ts";

type Environment = Secrets["environment"];

/** Keys that someone else gives out; most of them end. */
export interface FoundKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

interface FinderSettings {
  /** Where tokens and roles are exchanged for keys; a profile's own region comes first. */
  readonly region: string;
  readonly environment: Environment;
  /** How long one look may take. */
  readonly limitMs: number;
}

const noKeys = { code: "siem_aws_keys_missing", remedy: "retry" } as const;
const ignore = (): void => undefined;
/** Without a logger the library prints to the console. */
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * Looks for keys where AWS's own tools do: profile, web identity, container, instance. Keys are kept until 5 minutes before
 * they end; callers at the same time share one look. What is returned throws SearchError `siem_aws_keys_missing`.
 */
export async function createKeyFinder(settings: FinderSettings): Promise<() => Promise<FoundKeys>> {
  const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
  const start = () => defaultProvider(providerOptions(settings));
  let provide = start();
  return async () => {
    const asked = provide;
    try {
      const keys = await within(asked(), settings.limitMs);
      if (Number.isNaN(keys.expiration?.getTime())) throw new Error("the end of the keys is no date");
      return keys;
    } catch (error) {
      // All later callers would wait for a source that never answers.
      if (provide === asked) provide = start();
      // The library's error is not kept: it may hold answers and tokens.
      throw new SearchError(noKeys, `aws: no keys to sign with (${reasonOf(error, settings.environment)}). ${advice}`);
    }
  };
}

const advice =
  "Give access_key_id and secret_access_key, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give a role to the service account, container or instance.";

function providerOptions({ region, environment }: FinderSettings) {
  const requestHandler = { connectionTimeout: 2_000, requestTimeout: 4_000, throwOnRequestTimeout: true };
  return {
    logger: silent,
    // A profile that is put right is seen with the next look.
    ignoreCache: true,
    clientConfig: { requestHandler, logger: silent },
    // Not in clientConfig, where it would take the place of the region that a profile names for SSO.
    parentClientConfig: { region, requestHandler, logger: silent },
    ...(isInContainer(environment) ? containerLimits : { timeout: 1_000, maxRetries: 2 }),
  };
}

/** The library prints when a container's source takes longer than its limit, and goes on waiting; ours ends the wait. */
const containerLimits = { timeout: 86_400_000, maxRetries: 0 };

function isInContainer(environment: Environment): boolean {
  return containerNames.some((name) => isSet(environment, name));
}

const containerNames = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];

function isSet(environment: Environment, name: string): boolean {
  return (environment[name] ?? "") !== "";
}

async function within<Value>(asked: Promise<Value>, limitMs: number): Promise<Value> {
  const settled = new AbortController();
  const late = sleep(limitMs, undefined, { signal: settled.signal }).then(() => {
    throw new Error(`no answer in ${limitMs / 1_000} s`);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    settled.abort();
  }
}

/** One line without what may be a key or a token: parsers quote what they read, and services what they refuse. */
function reasonOf(error: unknown, environment: Environment): string {
  if (!(error instanceof Error)) return "no reason given";
  if (error instanceof SyntaxError) return "an answer is no JSON";
  if (isGeneral.test(error.message)) return `none from ${sourcesIn(environment)}`;
  const line = error.message.replaceAll(/\s+/g, " ").trim().slice(0, 2_000);
  const shown = line.replaceAll(/Value '.*?' at/g, "Value at").replaceAll(/[\w+/=.-]{32,}/g, "…");
  return `${error.name}: ${shown.slice(0, 300).replace(/\.$/, "")}`;
}

/** What the library says when all sources have failed, whatever their reasons; the second speaks of a source never asked. */
const isGeneral = /^Could not load credentials from any providers|is not a valid container metadata service hostname$/;

function sourcesIn(environment: Environment): string {
  const isOff = isSet(environment, metadataOff) && environment[metadataOff] !== "false";
  const variables = ["AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", ...containerNames];
  const named = variables.filter((name) => isSet(environment, name)).map((name) => `what ${name} names`);
  if (isInContainer(environment)) return named.join(" and ");
  return [...named, isOff ? `a profile, and ${metadataOff} is set` : "the instance's metadata"].join(" and ");
}

const metadataOff = "AWS_EC2_METADATA_DISABLED";
