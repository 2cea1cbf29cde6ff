import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { assembleElasticsearch } from "./assemble-elasticsearch.ts";
import { assembleOpenSearch } from "./assemble-opensearch.ts";
import { freePort } from "./free-port.ts";
import { answers, endProcess } from "./server-process.ts";
import { homeOf, type ServerVersion, serversHome } from "./server-version.ts";
import { elasticsearchCommand } from "./start-elasticsearch.ts";
import { openSearchCommand } from "./start-opensearch.ts";

export interface StartOptions {
  /** Java heap; 512m when left out. */
  readonly heap?: string;
  /** Lines for the server's configuration file. */
  readonly config?: readonly string[];
  /** Files for the configuration folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Plug-ins that lie beside the server's own, e.g. `opensearch-security`. */
  readonly plugins?: readonly string[];
  /** `https` when the lines switch TLS on. */
  readonly scheme?: "http" | "https";
}

/** A real server on loopback. */
export interface RunningServer {
  readonly version: ServerVersion;
  readonly url: string;
  readonly transportPort: number;
  readonly pid: number;
  /** Ends it without a word and starts it again on the same data and ports. */
  restart(): Promise<void>;
  /** Stops it and removes its data. May be called twice. */
  stop(): Promise<void>;
}

/** How to start one server: what runs, and where. */
export interface Command {
  readonly cwd: string;
  readonly java: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Folders and ports of one run. */
export interface RunSettings {
  readonly server: ServerVersion;
  readonly home: string;
  readonly folder: string;
  readonly port: number;
  readonly transportPort: number;
  readonly heap: string;
  readonly options: StartOptions;
}

const nobody = 65_534;
const startWithinMs = 180_000;

/** Starts a server, assembling it first when it is not there, and waits until it answers. */
export async function startServer(server: ServerVersion, options: StartOptions = {}): Promise<RunningServer> {
  await assemble(server);
  const runs = join(serversHome(), "run");
  await mkdir(runs, { recursive: true });
  await sweep(runs);
  const folder = await mkdtemp(join(runs, `${server.product}-${server.version}-`));
  const [port, transportPort] = [await freePort(), await freePort()];
  const home = await homeWith(homeOf(server), join(folder, "home"), options.plugins ?? []);
  const settings = { server, home, folder, port, transportPort, heap: options.heap ?? "512m", options };
  const url = `${options.scheme ?? "http"}://127.0.0.1:${port}`;
  const start = (): Promise<number> => launch(settings, url);
  let pid = await start().catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  return {
    version: server,
    url,
    transportPort,
    get pid() {
      return pid;
    },
    restart: async () => {
      await endProcess(pid, "SIGKILL");
      pid = await start();
    },
    stop: async () => {
      await endProcess(pid, "SIGTERM");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The server's home, or a copy of it with plug-ins. */
async function homeWith(home: string, copy: string, plugins: readonly string[]): Promise<string> {
  if (plugins.length === 0) return home;
  await cp(home, copy, { recursive: true });
  for (const plugin of plugins) await rename(join(copy, "optional-plugins", plugin), join(copy, "plugins", plugin));
  return copy;
}

async function assemble(server: ServerVersion): Promise<void> {
  if (existsSync(homeOf(server))) return;
  await mkdir(serversHome(), { recursive: true });
  if (server.product === "opensearch") await assembleOpenSearch(server);
  else await assembleElasticsearch(server);
}

async function launch(settings: RunSettings, url: string): Promise<number> {
  const { folder, options, server } = settings;
  for (const name of ["config", "data", "logs", "tmp", "repo"]) await mkdir(join(folder, name), { recursive: true });
  const config = join(folder, "config");
  for (const name of await readdir(join(settings.home, "config"))) {
    if (/^(jvm\.options|log4j2\.properties)$/.test(name))
      await cp(join(settings.home, "config", name), join(config, name));
  }
  for (const plugin of options.plugins ?? []) {
    await cp(join(settings.home, "plugins", plugin, "config"), join(config, plugin), { recursive: true });
  }
  const yaml = [...baseConfig(settings), ...(options.config ?? [])].join("\n");
  await writeFile(join(config, `${server.product}.yml`), `${yaml}\n`);
  for (const [name, text] of Object.entries(options.files ?? {})) {
    await mkdir(join(config, name, ".."), { recursive: true });
    await writeFile(join(config, name), text);
  }
  const command = await (server.product === "opensearch"
    ? openSearchCommand(settings)
    : elasticsearchCommand(settings));
  return run(command, settings, url);
}

function baseConfig({ server, folder, port, transportPort, options }: RunSettings): string[] {
  return [
    "cluster.name: test",
    "node.name: n1",
    "network.host: 127.0.0.1",
    `http.port: ${port}`,
    `transport.port: ${transportPort}`,
    "discovery.type: single-node",
    `path.data: ${join(folder, "data")}`,
    `path.logs: ${join(folder, "logs")}`,
    `path.repo: ["${join(folder, "repo")}"]`,
    "cluster.routing.allocation.disk.threshold_enabled: false",
    ...(server.product === "elasticsearch" ? withoutSecurity(options) : []),
  ];
}

/** Elasticsearch is secured unless it is told otherwise. */
function withoutSecurity({ config = [] }: StartOptions): string[] {
  const own = "xpack.security.autoconfiguration.enabled: false";
  return config.some((line) => line.startsWith("xpack.security.enabled"))
    ? [own]
    : [own, "xpack.security.enabled: false"];
}

/** Ends and removes servers whose tests were killed before they could. */
async function sweep(runs: string): Promise<void> {
  for (const name of await readdir(runs)) {
    const text = await readFile(join(runs, name, "pids"), "utf8").catch(() => "");
    const [owner = 0, pid = 0] = text.split(" ").map(Number);
    if (text === "" || existsSync(`/proc/${owner}`)) continue;
    await endProcess(pid, "SIGKILL");
    await rm(join(runs, name), { recursive: true, force: true });
  }
}

/** The servers refuse to run as root: then they run as nobody. */
async function run(command: Command, { folder }: RunSettings, url: string): Promise<number> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await giveAway(folder);
  const identity = isRoot ? { uid: nobody, gid: nobody } : {};
  const log = join(folder, "logs", "console.log");
  const { openSync, closeSync } = await import("node:fs");
  const out = openSync(log, "a");
  const env = { PATH: "/usr/bin:/bin", HOME: folder, LANG: "C.UTF-8", ...command.env };
  const child = spawn(command.java, command.args, {
    cwd: command.cwd,
    env,
    detached: true,
    stdio: ["ignore", out, out],
    ...identity,
  });
  closeSync(out);
  child.on("error", () => undefined);
  child.unref();
  const pid = child.pid;
  await writeFile(join(folder, "pids"), `${process.pid} ${pid}`);
  if (pid === undefined) throw new Error(`${command.java} cannot be started; the servers of the tests need Java`);
  const since = performance.now();
  while (!(await answers(url))) {
    const isOver = child.exitCode !== null || child.signalCode !== null;
    if (isOver || performance.now() - since > startWithinMs) {
      await endProcess(pid, "SIGKILL");
      const tail = (await readFile(log, "utf8")).split("\n").slice(-40).join("\n");
      throw new Error(`the server ${isOver ? "ended" : "did not answer"}:\n${tail}`);
    }
    await sleep(250);
  }
  return pid;
}

async function giveAway(folder: string): Promise<void> {
  await chown(folder, nobody, nobody);
  for (const name of await readdir(folder, { recursive: true })) await chown(join(folder, name), nobody, nobody);
}
