import { z } from "zod";
import type { Config } from "../config/config-schema.ts";
import { loadConfig } from "../config/load-config.ts";
import { applyInstall, type Followed, requireOwned } from "../deploy/apply-install.ts";
import { type Asset, listAssets } from "../deploy/list-assets.ts";
import { loadStreams } from "../deploy/load-streams.ts";
import { type Change, planInstall } from "../deploy/plan-install.ts";
import { probeServer, type ServerFacts } from "../deploy/probe-server.ts";
import { applyUninstall, planUninstall, type UninstallPlan } from "../deploy/uninstall.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { loadVocabulary } from "../event/vocabulary.ts";
import type { SearchServer } from "../sdk/search-server.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { exitCodes } from "./exit-code.ts";
import { credentialsOf } from "./init-options.ts";
import { openSinkServer } from "./open-sink-server.ts";
import { bundled } from "./paths.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import { formatTable, printable, type Terminal } from "./terminal.ts";

export interface InstallOptions {
  readonly config: string;
  readonly dryRun: boolean;
  readonly uninstall: boolean;
  readonly deleteData: boolean;
  readonly json: boolean;
  readonly adminApiKeyEnv?: string;
  readonly adminUsername?: string;
  readonly adminPasswordEnv?: string;
}

/** `tagsmith install`: templates, pipeline and lifecycle into the server that the sink writes to, or out of it. */
export async function installCommand(
  options: InstallOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const config = loadConfig(options.config);
  const stop = stopOnSignals(process, terminal.now, () => undefined);
  const admin = credentialsOf(options.adminApiKeyEnv, options.adminUsername, options.adminPasswordEnv);
  const server = await openSinkServer(config, registry, stop.signal, admin);
  try {
    const streams = loadStreams(bundled.streams());
    const tags = loadVocabulary(bundled.vocabulary()).tags.map(({ id }) => id);
    const facts = await probeServer(server, stop.signal);
    const assets = listAssets(streams, tags, facts, { retentionDays: retentionOf(config) });
    const work = { server, facts, assets, version: streams.version, options, terminal, signal: stop.signal };
    await (options.uninstall ? uninstall(work) : install(work));
    return exitCodes.ok;
  } finally {
    await server.close();
    stop.release();
  }
}

interface Work {
  readonly server: SearchServer;
  readonly facts: ServerFacts;
  readonly assets: readonly Asset[];
  readonly version: number;
  readonly options: InstallOptions;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

async function install({ server, facts, assets, version, options, terminal, signal }: Work): Promise<void> {
  const changes = await planInstall(server, assets, version, signal);
  if (!options.json) terminal.out.write(installText(facts, changes));
  if (options.dryRun) {
    if (options.json) terminal.out.write(`${JSON.stringify({ facts, changes: changes.map(changeJson) })}\n`);
    else terminal.out.write("\nDry run: nothing was changed.\n");
    return;
  }
  requireOwned(changes);
  const followed = await applyInstall(server, changes, signal);
  if (options.json) terminal.out.write(`${JSON.stringify({ facts, changes: changes.map(changeJson), followed })}\n`);
  else terminal.out.write(`${followed.map(followedText).join("")}\nInstalled.\n`);
}

async function uninstall({ server, assets, options, terminal, signal }: Work): Promise<void> {
  const plan = await planUninstall(server, assets, signal);
  if (options.json) terminal.out.write(`${JSON.stringify(uninstallJson(plan))}\n`);
  else terminal.out.write(uninstallText(plan, options.deleteData));
  if (options.dryRun) {
    if (!options.json) terminal.out.write("\nDry run: nothing was changed.\n");
    return;
  }
  await applyUninstall(server, plan, options.deleteData, signal);
  if (!options.json) terminal.out.write("\nUninstalled.\n");
}

const sinkSchema = z.looseObject({ retention_days: z.record(z.string(), z.int().min(1)).default({}) });

function retentionOf(config: Config): Readonly<Record<string, number>> {
  const parsed = sinkSchema.safeParse(config.sink);
  if (parsed.success) return parsed.data.retention_days;
  const message = "sink.retention_days: expected whole days by stream, such as labels: 90";
  throw new TagsmithError("config_invalid", message, "exit", parsed.error);
}

const maxDifferences = 12;

function installText(facts: ServerFacts, changes: readonly Change[]): string {
  const lifecycle = facts.lifecycle === "none" ? "no lifecycle: data is kept until you delete it" : facts.lifecycle;
  const head = `${facts.product} ${facts.version}, ${lifecycle}\n\n`;
  const rows = changes.flatMap((change): string[] => {
    const line = `${change.kind.padEnd(8)} ${change.asset.kind.padEnd(19)} ${change.asset.name}\n`;
    if (change.kind !== "update") return [line];
    const shown = change.differences.slice(0, maxDifferences).map(({ path, installed, wanted }) => {
      if (installed === undefined) return `           + ${printable(`${path}: ${wanted}`)}\n`;
      if (wanted === undefined) return `           - ${printable(`${path}: ${installed}`)}\n`;
      return `           ~ ${printable(`${path}: ${installed} → ${wanted}`)}\n`;
    });
    const more = change.differences.length - shown.length;
    return [line, ...shown, ...(more > 0 ? [`           … and ${more} more\n`] : [])];
  });
  return head + rows.join("");
}

function changeJson(change: Change) {
  const { kind, name, body } = change.asset;
  const what = { change: change.kind, kind, name, body };
  return change.kind === "update" ? { ...what, differences: change.differences } : what;
}

function followedText({ name, how }: Followed): string {
  switch (how) {
    case "mapping_extended":
      return `${name}: existing data can be searched by the new fields of documents to come.\n`;
    case "rolled_over":
      return `${name}: goes on in a new backing index; older documents keep their mapping.\n`;
    case "kept":
      return `${name}: keeps its mapping, which contradicts ours; reindex it if you need the new fields.\n`;
  }
}

function uninstallText(plan: UninstallPlan, deletesData: boolean): string {
  const data = plan.data.map(({ kind, name }) => [deletesData ? "delete" : "in the way", kind, name]);
  const assets = plan.assets.map(({ kind, name }) => ["delete", kind, name]);
  const foreign = plan.foreign.map(({ kind, name }) => ["keep", kind, `${name} (not made by Tagsmith)`]);
  const rows = [...data, ...assets, ...foreign];
  return rows.length === 0 ? "There is nothing of Tagsmith.\n" : formatTable(rows);
}

function uninstallJson({ data, assets, foreign }: UninstallPlan) {
  const named = (list: readonly Asset[]) => list.map(({ kind, name }) => ({ kind, name }));
  return { data, assets: named(assets), foreign: named(foreign) };
}
