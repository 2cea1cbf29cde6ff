#!/usr/bin/env node
// Starts Tagsmith on Node 24: the running Node if it is new enough, else the one the npm package `node` brought along.
// In a clone the TypeScript sources run as they are; the published package runs from dist/.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "src", "main.ts");
const main = existsSync(source) ? source : join(root, "dist", "src", "main.js");

function bundledNode() {
  try {
    const path = join(dirname(createRequire(import.meta.url).resolve("node/package.json")), "bin", "node");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

const isNew = Number(process.versions.node.split(".")[0]) >= 24;
const node = isNew ? process.execPath : bundledNode();
if (node === undefined) {
  process.stderr.write(
    `Tagsmith needs Node 24 or newer; this is ${process.version}, and the npm package "node" is not installed. Run "npm ci".\n`,
  );
  process.exit(69);
}
const flags = [...(main.endsWith(".ts") ? ["--conditions=source"] : []), "--disable-warning=ExperimentalWarning"];
// The channel carries nothing; that it breaks tells the program that this process was killed.
const child = spawn(node, [...flags, main, ...process.argv.slice(2)], {
  stdio: ["inherit", "inherit", "inherit", "ipc"],
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
