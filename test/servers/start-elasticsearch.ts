import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findJava } from "./java.ts";
import type { Command, RunSettings } from "./start-server.ts";

const smallLauncher = ["-Xms4m", "-Xmx64m", "-XX:+UseSerialGC"];

/** How to start an assembled Elasticsearch; its own launcher starts the server as a child and stays. */
export async function elasticsearchCommand(settings: RunSettings): Promise<Command> {
  const { home, folder } = settings;
  await writeJvmOptions(settings);
  const java = findJava(settings.server.version.startsWith("8.") ? [25, 21, 17] : [25, 21]);
  const javaHome = join(java, "..", "..");
  const config = join(folder, "config");
  const env = {
    ES_HOME: home,
    ES_PATH_CONF: config,
    ES_TMPDIR: join(folder, "tmp"),
    ES_JAVA_HOME: javaHome,
    HOSTNAME: "n1",
  };
  const launcher = join(home, "lib", "tools", "server-launcher");
  if (existsSync(launcher)) {
    const own = {
      JAVA: java,
      ES_DISTRIBUTION_TYPE: "zip",
      JAVA_TYPE: "ES_JAVA_HOME",
      CLI_JAVA_OPTS: smallLauncher.join(" "),
    };
    const args = [...smallLauncher, "-cp", join(launcher, "*"), "org.elasticsearch.server.launcher.ServerLauncher"];
    return { cwd: home, java, args, env: { ...env, ...own } };
  }
  const properties = {
    "cli.name": "server",
    "cli.script": join(home, "bin", "elasticsearch"),
    "cli.libs": "lib/tools/server-cli",
    "es.path.home": home,
    "es.path.conf": config,
    "es.distribution.type": "zip",
    "es.java.type": "ES_JAVA_HOME",
  };
  const flags = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  const path = `${join(home, "lib", "*")}:${join(home, "lib", "cli-launcher", "*")}`;
  return {
    cwd: home,
    java,
    args: [...smallLauncher, ...flags, "-cp", path, "org.elasticsearch.launcher.CliToolLauncher"],
    env,
  };
}

/** Heap, and logs of the Java machine in the folder of the run instead of the shared home. */
async function writeJvmOptions({ home, folder, heap }: RunSettings): Promise<void> {
  const options = join(folder, "config", "jvm.options");
  const logs = join(folder, "logs");
  const text = (await readFile(options, "utf8"))
    .replaceAll("file=logs/gc.log", `file=${logs}/gc.log`)
    .replaceAll(":file=gc.log", `:file=${logs}/gc.log`)
    .replaceAll("ErrorFile=hs_err", `ErrorFile=${logs}/hs_err`);
  await writeFile(options, text);
  const own = [`-Xms${heap}`, `-Xmx${heap}`];
  const shim = join(home, "shim");
  if (existsSync(shim)) own.push(`--patch-module=org.elasticsearch.server=${shim}`);
  await mkdir(join(folder, "config", "jvm.options.d"), { recursive: true });
  await writeFile(join(folder, "config", "jvm.options.d", "test.options"), `${own.join("\n")}\n`);
}
