import type { DashboardsPlace } from "../deploy/find-dashboards.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Asker } from "./ask.ts";
import { addressFault, askCaFile, askDashboards, askValid, placeOf, refuse } from "./init-questions.ts";

/** What `tagsmith init` was told by flags. */
export interface InitOptions {
  readonly config: string;
  readonly url?: string;
  readonly indices?: string;
  readonly dashboards?: string;
  readonly from: string;
  readonly namespace: string;
  readonly expiresDays: number;
  readonly caFile?: string;
  readonly apiKeyEnv?: string;
  readonly username?: string;
  readonly passwordEnv?: string;
  readonly adminApiKeyEnv?: string;
  readonly adminUsername?: string;
  readonly adminPasswordEnv?: string;
  readonly createKeys: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

/** How to connect, as the connectors take it. */
export type ConnectionConfig = Readonly<Record<string, unknown>>;

/** Everything that is needed to go on. */
export interface InitAnswers {
  readonly url: string;
  readonly indices: readonly string[];
  readonly dashboards: DashboardsPlace;
  readonly caFile: string | undefined;
  /** Address and certificate, as they go into the configuration file. */
  readonly reach: ConnectionConfig;
  /** What goes there too when no keys are created; secrets only by the name of a variable. */
  readonly credentials: ConnectionConfig;
  /** Used once, to look and to create keys; never stored. */
  readonly admin: ConnectionConfig | undefined;
  readonly createsKeys: boolean;
}

const usualUrl = "http://127.0.0.1:9200";
const usualIndices =
  "logs-auditd_manager.auditd-*,logs-endpoint.events.process-*,auditbeat-*,logs-kubernetes.audit_logs-*";

/** Puts flags and answers together; `asker` is undefined where nobody can be asked. Throws `option_invalid`. */
export async function gatherAnswers(options: InitOptions, asker: Asker | undefined): Promise<InitAnswers> {
  const url = options.url ?? (await askValid(asker, "Address of Elasticsearch or OpenSearch", usualUrl, addressFault));
  if (url === undefined)
    throw new TagsmithError("option_invalid", "init needs --url when nobody can be asked.", "exit");
  refuse("--url", addressFault(url));
  const isAsked = asker !== undefined && options.url === undefined;
  const caFile = options.caFile ?? (isAsked && url.startsWith("https:") ? await askCaFile(asker) : undefined);
  const listed = options.indices ?? (await asker?.ask("Indices with audit events", usualIndices)) ?? usualIndices;
  const indices = listed
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const dashboards = placeOf(options.dashboards ?? (await askDashboards(asker)), url);
  const reach = { urls: [url], ...(caFile !== undefined && { tls: { ca_file: caFile } }) };
  const credentials = credentialsOf(options.apiKeyEnv, options.username, options.passwordEnv);
  const given = credentialsOf(options.adminApiKeyEnv, options.adminUsername, options.adminPasswordEnv);
  const asked = Object.keys(given).length === 0 && asker !== undefined ? await askAdmin(asker) : given;
  const admin = Object.keys(asked).length === 0 ? undefined : { ...reach, ...asked };
  const wish = options.createKeys || (asker !== undefined && admin !== undefined && (await isWanted(asker)));
  if (wish && admin === undefined) {
    const message =
      "--create-keys needs an administrator's credential: --admin-api-key-env, or --admin-username with --admin-password-env.";
    throw new TagsmithError("option_invalid", message, "exit");
  }
  return { url, indices, dashboards, caFile, reach, credentials, admin, createsKeys: wish };
}

async function isWanted(asker: Asker): Promise<boolean> {
  return /^y/i.test(await asker.ask("Create the keys for reading and writing now (yes, no)", "no"));
}

async function askAdmin(asker: Asker): Promise<ConnectionConfig> {
  const username = await asker.ask(
    "User name of an administrator, to look and create keys with, this once (empty: none)",
    "",
  );
  if (username === "") return {};
  return { username, password: await asker.askSecret("Password") };
}

/** Credentials as connectors take them, secrets by the name of a variable; empty without flags. Throws `option_invalid`. */
export function credentialsOf(
  apiKeyEnv: string | undefined,
  username: string | undefined,
  passwordEnv: string | undefined,
): ConnectionConfig {
  if (apiKeyEnv !== undefined) return { api_key: variable(apiKeyEnv) };
  if ((username === undefined) !== (passwordEnv === undefined)) {
    throw new TagsmithError(
      "option_invalid",
      "a user name and the variable of its password are given together.",
      "exit",
    );
  }
  return username === undefined || passwordEnv === undefined ? {} : { username, password: variable(passwordEnv) };
}

/** Secrets are named, not given: what is on a command line can be read by others. */
function variable(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return `\${env:${name}}`;
  throw new TagsmithError("option_invalid", `${name} is not the name of an environment variable.`, "exit");
}
