import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { findJava } from "./java.ts";
import { homeOf, type ServerVersion } from "./server-version.ts";

/** What starting a server needs and this machine lacks, in words; undefined when it has all. */
export function missingTools(server: ServerVersion, isSecured = false): string | undefined {
  const needed = [
    [findJava([25, 21, 17]), "-version", "Java"],
    ...(existsSync(homeOf(server)) ? [] : [["mvn", "-v", "Maven"] as const, ["unzip", "-v", "unzip"] as const]),
    ...(isSecured ? [["openssl", "version", "openssl"] as const] : []),
  ] as const;
  const missing = needed.filter(([command, option]) => !runs(command, option)).map(([, , name]) => name);
  return missing.length === 0 ? undefined : missing.join(", ");
}

/** Whether a command is there and works. */
export function runs(command: string, option: string): boolean {
  try {
    execFileSync(command, [option], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
