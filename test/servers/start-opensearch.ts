import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { findJava } from "./java.ts";
import type { Command, RunSettings } from "./start-server.ts";

/** How to start an assembled OpenSearch. */
export async function openSearchCommand({ server, home, folder, heap }: RunSettings): Promise<Command> {
  const isTwo = server.version.startsWith("2.");
  const common = [
    `-Xms${heap}`,
    `-Xmx${heap}`,
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    `-Dopensearch.path.home=${home}`,
    `-Dopensearch.path.conf=${join(folder, "config")}`,
    "-Dopensearch.distribution.type=tar",
    "-Dopensearch.bundled_jdk=false",
    `-Djava.io.tmpdir=${join(folder, "tmp")}`,
    "-Dfile.encoding=UTF-8",
    "-Djna.nosys=true",
    `-Djna.tmpdir=${join(folder, "tmp")}`,
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dlog4j.shutdownHookEnabled=false",
    "-Dlog4j2.disable.jmx=true",
    "-Xss1m",
    "-Djava.awt.headless=true",
    "-XX:MaxDirectMemorySize=256m",
    "--add-modules=jdk.incubator.vector",
  ];
  const newer = ["--enable-native-access=ALL-UNNAMED", `-javaagent:${await agentOf(home, isTwo)}`];
  const own = isTwo ? ["-Djava.security.manager=allow"] : newer;
  const args = [...common, ...own, "-cp", join(home, "lib", "*"), "org.opensearch.bootstrap.OpenSearch"];
  return { cwd: folder, java: findJava(isTwo ? [17, 21] : [25, 21]), args, env: {} };
}

async function agentOf(home: string, isTwo: boolean): Promise<string> {
  if (isTwo) return "";
  const jar = (await readdir(join(home, "agent"))).find((name) => /^opensearch-agent-\d/.test(name));
  return join(home, "agent", jar ?? "");
}
