import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const installed = "/usr/lib/jvm";

/** A Java executable of one of these major versions, from JAVA_HOME or where systems install them; else the one in PATH. */
export function findJava(majors: readonly number[]): string {
  const homes = existsSync(installed) ? readdirSync(installed).map((name) => join(installed, name)) : [];
  for (const major of majors) {
    const home = homes.find(
      (path) => new RegExp(`(^|[^0-9])${major}([^0-9]|$)`).test(path.split("/").at(-1) ?? "") && hasJava(path),
    );
    if (home !== undefined) return join(home, "bin", "java");
  }
  const own = process.env["JAVA_HOME"];
  return own !== undefined && hasJava(own) ? join(own, "bin", "java") : "java";
}

function hasJava(home: string): boolean {
  return existsSync(join(home, "bin", "java"));
}
