import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const archives = resolve(import.meta.dirname, "../../../shared/data/sigmahq");

/** Why the comparisons cannot run here, or undefined. */
export function missingPeers(): string | undefined {
  if (!existsSync(join(archives, "rules.tar.gz"))) return "the SigmaHQ rules are not here";
  return spawnSync("uv", ["--version"]).status === 0 ? undefined : "uv is not installed";
}

/** Unpacks an archive of SigmaHQ (`rules`, `regression`) into a temporary folder. */
export function unpack(name: string): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "sigmahq-"));
  const { status, stderr } = spawnSync("tar", ["-xzf", join(archives, `${name}.tar.gz`), "-C", folder]);
  if (status !== 0) throw new Error(`tar: ${stderr}`);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Folders of the active rules. */
export const activeRules = [
  "rules",
  "rules-compliance",
  "rules-emerging-threats",
  "rules-placeholder",
  "rules-threat-hunting",
] as const;

/** Files of some of the folders, sorted. */
export function ruleFiles(folder: string, parts: readonly string[]): string[] {
  return parts
    .flatMap((part) => globSync(`${part}/**/*.yml`, { cwd: folder }).map((file) => join(folder, file)))
    .sort();
}

/** Runs a Python script beside this file with packages of PyPI; returns what it prints. */
export function runPython(script: string, packages: readonly string[], args: readonly string[]): string {
  const withPackages = packages.flatMap((name) => ["--with", name]);
  const command = ["run", "--no-project", ...withPackages, "python", join(import.meta.dirname, script), ...args];
  const { status, stdout, stderr } = spawnSync("uv", command, { encoding: "utf8", maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}
