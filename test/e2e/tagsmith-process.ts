import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

/** What a command printed and ended with. */
export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the real command line program. */
export function startTagsmith(args: readonly string[], cwd = root): ChildProcess {
  return spawn(process.execPath, [join(root, "bin", "tagsmith.js"), ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs it to its end. */
export function runTagsmith(args: readonly string[], cwd = root): Promise<Finished> {
  const child = startTagsmith(args, cwd);
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
  child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString("utf8")));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => done({ code, out, err }));
  });
}

/** A fresh folder that goes with the operating system's temporary files. */
export function freshFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `tagsmith-${name}-`));
}

/** Writes a configuration that reads `paths` into `folder`, and gives its path. */
export function writeConfig(folder: string, paths: readonly string[], extra = ""): string {
  const path = join(folder, "tagsmith.yaml");
  const lines = [
    `source: { type: file, paths: ${JSON.stringify(paths)}, batch_records: 25 }`,
    `sink: { type: file, labels: ${join(folder, "labels.ndjson")}, verdicts: ${join(folder, "verdicts.ndjson")}, dead_letters: ${join(folder, "dead.ndjson")} }`,
    `state: { path: ${join(folder, "state.db")} }`,
    extra,
  ];
  writeFileSync(path, lines.join("\n"));
  return path;
}

/** The lines of an output file. */
export function linesOf(folder: string, name: string): string[] {
  return readFileSync(join(folder, name), "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

/** Kills the launcher and the process it started. */
export function killTree(pid: number): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  for (const child of children) process.kill(Number(child), "SIGKILL");
  process.kill(pid, "SIGKILL");
}
