import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { AccessName } from "../deploy/access-roles.ts";
import { findDashboards } from "../deploy/find-dashboards.ts";
import { probeServer, type ServerFacts } from "../deploy/probe-server.ts";
import { probeViews } from "../deploy/probe-views.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { readSecretFile } from "../sdk/read-secret-file.ts";
import type { SearchServer } from "../sdk/search-server.ts";
import { createAsker } from "./ask.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { countDocuments, openAnyServer } from "./detect-product.ts";
import { exitCodes } from "./exit-code.ts";
import { accessOf, createKeys, loginOf, secretPath, storeSecrets } from "./init-access.ts";
import { newConfigText } from "./init-config.ts";
import { type ConnectionConfig, gatherAnswers, type InitAnswers, type InitOptions } from "./init-options.ts";
import { type Found, reportJson, reportText } from "./init-report.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import type { Terminal } from "./terminal.ts";

/** `tagsmith init`: looks at the server, writes a configuration, shows or creates the least access it needs. */
export async function initCommand(
  options: InitOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  if (existsSync(options.config) && !options.force) {
    const message = `${options.config}: is there already. Choose another --config, or overwrite it with --force.`;
    throw new TagsmithError("option_invalid", message, "exit");
  }
  const stop = stopOnSignals(process, terminal.now, () => undefined);
  try {
    const answers = await askOrRead(options, stop.signal);
    const server = await openServer(answers, registry, stop.signal);
    try {
      await initWith(server, answers, options, terminal, stop.signal);
    } finally {
      await server.close();
    }
    return exitCodes.ok;
  } catch (error) {
    if (stop.isReasonOf(error)) return exitCodes.interrupted;
    throw error;
  } finally {
    stop.release();
  }
}

async function askOrRead(options: InitOptions, signal: AbortSignal): Promise<InitAnswers> {
  const canAsk = process.stdin.isTTY === true && !options.json;
  if (!canAsk) return gatherAnswers(options, undefined);
  const onKey = (): void => {
    process.kill(process.pid, "SIGINT");
  };
  const asker = createAsker(process.stdin, process.stderr, { signal, onKey });
  return gatherAnswers(options, asker).finally(() => asker.close());
}

/** What a refusal means here is said in terms of this command's options. */
async function openServer(
  { admin, reach, credentials }: InitAnswers,
  registry: ConnectorRegistry,
  signal: AbortSignal,
): Promise<SearchServer> {
  try {
    return await openAnyServer(admin ?? { ...reach, ...credentials }, registry, signal);
  } catch (error) {
    if (!(error instanceof TagsmithError)) throw error;
    const isAnonymous = admin === undefined && Object.keys(credentials).length === 0;
    if (error.code === "siem_unauthorized" && isAnonymous) {
      const message =
        "The server wants to know who asks: --admin-username with --admin-password-env, --username with --password-env, or --api-key-env.";
      throw new TagsmithError(error.code, message, "exit", error);
    }
    if (error.code !== "siem_tls_failed" || "tls" in reach) throw error;
    throw new TagsmithError(error.code, `${error.message} Here: --ca-file.`, "exit", error);
  }
}

async function initWith(
  server: SearchServer,
  answers: InitAnswers,
  options: InitOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { indices } = answers;
  const facts = await probeServer(server, signal);
  const found: Found = {
    facts,
    documents: await countDocuments(server, indices, signal),
    views: await probeViews(server, indices, signal),
    dashboards: await findDashboards(answers.dashboards, { withinMs: dashboardsWithinMs, ...caOf(answers) }, signal),
  };
  const access = accessOf(facts, answers, options);
  const secrets = answers.createsKeys ? await createKeys(server, access, answers, signal) : new Map();
  // A credential that was given is used on, unless there are better ones now.
  const usesFiles = access.length > 0 && (answers.createsKeys || Object.keys(answers.credentials).length === 0);
  const secretOf = (name: AccessName) => (usesFiles ? secretPath(options, name) : undefined);
  await storeSecrets(secrets, options);
  await writeConfig(answers, (name) => loginOf(access, name, secretOf(name)) ?? answers.credentials, facts, options);
  const places = { config: options.config, secretOf };
  if (options.json) terminal.out.write(`${reportJson(found, access)}\n`);
  else terminal.out.write(reportText(found, access, [...secrets.keys()], places));
}

const dashboardsWithinMs = 3_000;

function caOf({ caFile }: InitAnswers): { readonly ca?: string } {
  return caFile === undefined ? {} : { ca: readSecretFile(caFile, "--ca-file") };
}

async function writeConfig(
  { reach, indices }: InitAnswers,
  login: (name: AccessName) => ConnectionConfig,
  { product }: ServerFacts,
  { config, from, namespace }: InitOptions,
): Promise<void> {
  const source = { ...reach, ...login("reader") };
  const sink = { ...reach, ...login("writer") };
  await mkdir(dirname(config), { recursive: true });
  await writeFile(config, newConfigText({ product, source, sink, indices, from, namespace }));
}
