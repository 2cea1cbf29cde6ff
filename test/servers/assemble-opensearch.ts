import { cp, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyJars, copyOne, unzip } from "./maven.ts";
import { homeOf, type ServerVersion, serversHome } from "./server-version.ts";

/** Modules by artifact, with the class a server of version 3 starts them by; in version 2 it is a `…Plugin`. */
const modules: Readonly<Record<string, string>> = {
  "transport-netty4-client": "org.opensearch.transport.Netty4ModulePlugin",
  "lang-painless": "org.opensearch.painless.PainlessModulePlugin",
  "analysis-common": "org.opensearch.analysis.common.CommonAnalysisModulePlugin",
  "ingest-common": "org.opensearch.ingest.common.IngestCommonModulePlugin",
  "mapper-extras-client": "org.opensearch.index.mapper.MapperExtrasModulePlugin",
  "parent-join-client": "org.opensearch.join.ParentJoinModulePlugin",
  "percolator-client": "org.opensearch.percolator.PercolatorModulePlugin",
  "reindex-client": "org.opensearch.index.reindex.ReindexModulePlugin",
};
const extendsPainless = ["analysis-common", "ingest-common"];

/** Puts an OpenSearch together from its published artifacts. */
export async function assembleOpenSearch(server: ServerVersion): Promise<void> {
  const { version } = server;
  const isTwo = version.startsWith("2.");
  const home = homeOf(server);
  const build = join(serversHome(), `build-opensearch-${version}-${process.pid}`);
  const out = join(build, "out");
  try {
    await copyJars(jarSets(version, isTwo), out, join(build, "project"));
    const made = join(build, "home");
    for (const folder of ["bin", "lib", "modules", "plugins", "config", "agent"]) {
      await mkdir(join(made, folder), { recursive: true });
    }
    await cp(join(out, "core"), join(made, "lib"), { recursive: true });
    if (!isTwo) await cp(join(out, "agent"), join(made, "agent"), { recursive: true });
    for (const [artifact, className] of Object.entries(modules)) {
      await addModule(made, join(out, artifact), artifact, className, version, isTwo);
    }
    await writeFile(join(made, "config", "log4j2.properties"), logging);
    if (isTwo) await addSecurity(made, build, version);
    await rm(home, { recursive: true, force: true });
    await rename(made, home);
  } finally {
    await rm(build, { recursive: true, force: true });
  }
}

function jarSets(version: string, isTwo: boolean) {
  // The class loader of plug-ins was last published for 2.19.1 in that line.
  const loader = version.startsWith("2.19.") ? "2.19.1" : version;
  const core = [
    `org.opensearch:opensearch:${version}`,
    `org.opensearch:opensearch-plugin-classloader:${loader}`,
    "org.apache.logging.log4j:log4j-core:2.21.0",
    "org.locationtech.jts:jts-core:1.15.0",
    "org.locationtech.spatial4j:spatial4j:0.7",
  ];
  const agent = [`org.opensearch:opensearch-agent:${version}`, `org.opensearch:opensearch-agent-bootstrap:${version}`];
  const sets: Record<string, readonly string[]> = { core, ...(isTwo ? {} : { agent }) };
  for (const artifact of Object.keys(modules)) sets[artifact] = [`org.opensearch.plugin:${artifact}:${version}`];
  return Object.fromEntries(
    Object.entries(sets).map(([name, artifacts]) => [name, artifacts.map((artifact) => ({ artifact }))]),
  );
}

/** A module's jars are what the server's own lib folder lacks: the same class twice is refused. */
async function addModule(
  home: string,
  jars: string,
  artifact: string,
  className: string,
  version: string,
  isTwo: boolean,
): Promise<void> {
  const name = artifact.replace(/-client$/, "");
  const folder = join(home, "modules", name);
  await mkdir(folder);
  const known = new Set((await readdir(join(home, "lib"))).map(stemOf));
  for (const jar of await readdir(jars)) if (!known.has(stemOf(jar))) await cp(join(jars, jar), join(folder, jar));
  const descriptor = {
    name,
    description: name,
    version,
    "opensearch.version": version,
    "java.version": isTwo ? "11" : "21",
    classname: isTwo ? className.replace(/ModulePlugin$/, "Plugin") : className,
    "extended.plugins": extendsPainless.includes(name) ? "lang-painless" : "",
    "has.native.controller": "false",
  };
  const lines = Object.entries(descriptor).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(join(folder, "plugin-descriptor.properties"), lines.join(""));
  // Reaching other clusters is a permission of its own.
  const permission = isTwo ? "java.security.AllPermission" : 'java.net.SocketPermission "*", "accept,connect"';
  await writeFile(join(folder, "plugin-security.policy"), `grant { permission ${permission}; };\n`);
}

/** The security plug-in lies beside the plug-ins; a server that is to use it links it in. */
async function addSecurity(home: string, build: string, version: string): Promise<void> {
  const archive = await copyOne(`org.opensearch.plugin:opensearch-security:${version}.0:zip`, join(build, "security"));
  await mkdir(join(home, "optional-plugins"));
  await unzip(archive, join(home, "optional-plugins", "opensearch-security"));
}

function stemOf(jar: string): string {
  return jar.replace(/-\d[\w.-]*\.jar$/, "");
}

const logging = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`;
