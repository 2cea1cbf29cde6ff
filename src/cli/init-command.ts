import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Access, type AccessName, elasticsearchAccess, openSearchAccess } from "../deploy/access-roles.ts";
import { createAccess, type Secret } from "../deploy/create-access.ts";
import { probeServer, type ServerFacts } from "../deploy/probe-server.ts";
import { probeViews, type ViewFacts } from "../deploy/probe-views.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SearchServer } from "../sdk/search-server.ts";
import { createAsker } from "./ask.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { countDocuments, openAnyServer } from "./detect-product.ts";
import { exitCodes } from "./exit-code.ts";
import { newConfigText } from "./init-config.ts";
import { type ConnectionConfig, gatherAnswers, type InitAnswers, type InitOptions } from "./init-options.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import { formatTable, type Terminal } from "./terminal.ts";

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
  const canAsk = process.stdin.isTTY === true && !options.json;
  const asker = canAsk ? createAsker(process.stdin, process.stderr) : undefined;
  const answers = await gatherAnswers(options, asker).finally(() => asker?.close());
  const stop = stopOnSignals(process, terminal.now, () => undefined);
  const server = await openAnyServer(
    answers.admin ?? { ...answers.reach, ...answers.credentials },
    registry,
    stop.signal,
  );
  try {
    const facts = await probeServer(server, stop.signal);
    const documents = await countDocuments(server, answers.indices, stop.signal);
    const views = await probeViews(server, answers.indices, stop.signal);
    const access = accessOf(facts, answers, options);
    const secrets = answers.createsKeys ? await createKeys(server, access, stop.signal) : new Map<AccessName, Secret>();
    const files = await storeSecrets(secrets, options);
    await writeConfig(answers, files, facts, options);
    if (options.json)
      terminal.out.write(
        `${JSON.stringify({ facts, views: views ?? null, documents, access: access.map(withoutPassword) })}\n`,
      );
    else terminal.out.write(report({ facts, views, documents }, access, secrets, options));
    return exitCodes.ok;
  } finally {
    await server.close();
    stop.release();
  }
}

function accessOf(facts: ServerFacts, { indices }: InitAnswers, options: InitOptions): readonly Access[] {
  const settings = { indices, namespace: options.namespace, expiresDays: options.expiresDays };
  if (facts.product === "elasticsearch") return elasticsearchAccess(settings);
  return openSearchAccess(settings, () => randomBytes(24).toString("base64url"));
}

/** Rules are deployed by hand or by another process: its key is shown, not created with the others. */
async function createKeys(
  server: SearchServer,
  access: readonly Access[],
  signal: AbortSignal,
): Promise<Map<AccessName, Secret>> {
  const secrets = new Map<AccessName, Secret>();
  for (const one of access)
    if (one.name !== "rule_deployer") secrets.set(one.name, await createAccess(server, one, signal));
  return secrets;
}

/** Secrets go into files that only their owner can read, beside the configuration. */
async function storeSecrets(
  secrets: ReadonlyMap<AccessName, Secret>,
  { config }: InitOptions,
): Promise<Map<AccessName, ConnectionConfig>> {
  const folder = join(dirname(config), ".tagsmith");
  const stored = new Map<AccessName, ConnectionConfig>();
  if (secrets.size > 0) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, secret] of secrets) {
    const path = join(folder, `${name}.secret`);
    await writeFile(path, `${secret.kind === "api_key" ? secret.apiKey : secret.password}\n`, { mode: 0o600 });
    const byFile =
      secret.kind === "api_key" ? { api_key_file: path } : { username: secret.username, password_file: path };
    stored.set(name, byFile);
  }
  return stored;
}

async function writeConfig(
  { reach, credentials, indices }: InitAnswers,
  files: ReadonlyMap<AccessName, ConnectionConfig>,
  { product }: ServerFacts,
  { config, from, namespace }: InitOptions,
): Promise<void> {
  const source = { ...reach, ...(files.get("reader") ?? credentials) };
  const sink = { ...reach, ...(files.get("writer") ?? credentials) };
  await mkdir(dirname(config), { recursive: true });
  await writeFile(config, newConfigText({ product, source, sink, indices, from, namespace }));
}

function withoutPassword({ name, purpose, role, before, request }: Access) {
  const { password: _hidden, ...body } = request.body;
  return { name, purpose, role, requests: [...before, { ...request, body }] };
}

interface Found {
  readonly facts: ServerFacts;
  readonly views: ViewFacts | undefined;
  readonly documents: number;
}

function report(
  { facts, views, documents }: Found,
  access: readonly Access[],
  secrets: ReadonlyMap<AccessName, Secret>,
  { config }: InitOptions,
): string {
  const found = formatTable([
    ["server", `${facts.product} ${facts.version}${facts.isServerless ? ", serverless" : ""}`],
    ["security", facts.hasSecurity ? "on" : "off: anyone who reaches the server can read and write"],
    ["data streams", yesNo(facts.hasDataStreams)],
    ["lifecycle", facts.lifecycle],
    ["documents to read", documents],
    ["views (point in time)", views === undefined ? "unknown: no index matches yet" : yesNo(views.hasViews)],
    ["tie-breaker in views", views === undefined ? "unknown" : yesNo(views.hasTiebreak)],
  ]);
  const open = access.filter(({ name }) => !secrets.has(name)).map(withoutPassword);
  const made = [...secrets.keys()].map((name) => `${name}: created, its secret is in .tagsmith/${name}.secret\n`);
  const shown = open.map(({ name, purpose, requests }) => {
    const calls = requests.map(({ method, path, body }) => `${method} ${path}\n${JSON.stringify(body, null, 2)}\n`);
    return `\n# ${name}: ${purpose}\n${calls.join("")}`;
  });
  const advice = facts.hasSecurity
    ? `\nThe least access each part needs; send these as an administrator:\n${made.join("")}${shown.join("")}`
    : "";
  return `${found}${advice}\nWritten: ${config}\nNext: tagsmith install --config ${config}\n`;
}

function yesNo(holds: boolean): string {
  return holds ? "yes" : "no";
}
