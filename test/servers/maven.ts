import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1";

/** `group:artifact:version`, a jar with what it needs; `exclude` leaves out `group:artifact` of what it needs. */
export interface Dependency {
  readonly artifact: string;
  readonly exclude?: readonly string[];
}

/** Copies each set of jars, with all they need at run time, to `into/<name>`. `scratch` holds the project file meanwhile. */
export async function copyJars(
  sets: Readonly<Record<string, readonly Dependency[]>>,
  into: string,
  scratch: string,
): Promise<void> {
  const names = Object.keys(sets);
  for (const [name, dependencies] of Object.entries(sets)) {
    await writeProject(
      join(scratch, name),
      `set-${name}`,
      `${dependenciesXml(dependencies)}${copyInto(join(into, name))}`,
    );
  }
  const modules = names.map((name) => `<module>${name}</module>`).join("");
  await writeProject(scratch, "sets", `<packaging>pom</packaging><modules>${modules}</modules>`);
  await maven(["dependency:copy-dependencies"], scratch);
}

/** Fetches one `group:artifact:version[:packaging]` without what it needs, and gives its path in `into`. */
export async function copyOne(artifact: string, into: string): Promise<string> {
  await mkdir(into, { recursive: true });
  const folder = await mkdtemp(join(into, "one-"));
  await maven([`${plugin}:copy`, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`], into);
  const [name] = await readdir(folder);
  if (name === undefined) throw new Error(`${artifact} was not fetched`);
  return join(folder, name);
}

/** Unpacks what matches `patterns` (all, when there are none) into `into`. */
export async function unzip(archive: string, into: string, patterns: readonly string[] = []): Promise<void> {
  await run("unzip", ["-q", "-o", archive, ...patterns, "-d", into], { maxBuffer: 64 << 20 });
}

/** One entry of an archive as text; undefined when it is not there. */
export async function unzipText(archive: string, entry: string): Promise<string | undefined> {
  try {
    return (await run("unzip", ["-p", archive, entry])).stdout;
  } catch {
    return undefined;
  }
}

async function writeProject(folder: string, name: string, content: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const head = `<modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>${name}</artifactId><version>1</version>`;
  await writeFile(
    join(folder, "pom.xml"),
    `<project xmlns="http://maven.apache.org/POM/4.0.0">${head}${content}</project>`,
  );
}

function dependenciesXml(dependencies: readonly Dependency[]): string {
  const xml = dependencies.map(({ artifact, exclude = [] }) => {
    const exclusions = exclude.map((coordinate) => `<exclusion>${coordinateXml(coordinate)}</exclusion>`).join("");
    return `<dependency>${coordinateXml(artifact)}<exclusions>${exclusions}</exclusions></dependency>`;
  });
  return `<packaging>pom</packaging><dependencies>${xml.join("")}</dependencies>`;
}

function coordinateXml(coordinate: string): string {
  const [group, artifact, version] = coordinate.split(":");
  const tail = version === undefined ? "" : `<version>${version}</version>`;
  return `<groupId>${group}</groupId><artifactId>${artifact}</artifactId>${tail}`;
}

function copyInto(folder: string): string {
  const configuration = `<configuration><includeScope>runtime</includeScope><outputDirectory>${folder}</outputDirectory></configuration>`;
  const [group, artifact, version] = plugin.split(":");
  return `<build><plugins><plugin><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${configuration}</plugin></plugins></build>`;
}

async function maven(args: readonly string[], cwd: string): Promise<void> {
  try {
    await run("mvn", ["-q", "-B", ...args], { cwd, maxBuffer: 64 << 20 });
  } catch (cause) {
    const output = cause instanceof Error && "stdout" in cause ? String(cause.stdout).slice(0, 2_000) : String(cause);
    throw new Error(`mvn ${args.join(" ")} failed:\n${output}`, { cause });
  }
}
