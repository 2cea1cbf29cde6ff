// Holds the imports to one direction (docs/architecture.md) and the files to their size. Exits 1 with a line a finding.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const middle = [
  "normalize",
  "label",
  "queue",
  "cluster",
  "session",
  "sigma",
  "detect",
  "deploy",
  "backfill",
  "analyze",
  "state",
  "config",
];
const may: Record<string, readonly string[]> = {
  event: [],
  sdk: ["event"],
  telemetry: ["event", "sdk"],
  ...Object.fromEntries(middle.map((name) => [name, ["event", "sdk", "telemetry"]])),
  pipeline: ["event", "sdk", "telemetry", ...middle],
  server: ["event", "sdk", "telemetry", ...middle, "pipeline"],
  cli: ["event", "sdk", "telemetry", ...middle, "pipeline", "server"],
};
const maxLines = 400;
const findings: string[] = [];

function files(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

function partOf(path: string): string {
  const [top, second] = path.split("/");
  return top === "src" ? (second?.endsWith(".ts") ? "main" : (second ?? "")) : (top ?? "");
}

function checkImport(path: string, specifier: string): void {
  const from = partOf(path);
  if (from === "main") return;
  if (!specifier.startsWith(".") && specifier !== "#sdk") return;
  if (from === "connectors") {
    const local =
      specifier.startsWith(".") &&
      relative(join(root, dirname(dirname(path))), resolve(root, dirname(path), specifier));
    if (specifier !== "#sdk" && (local === false || local.startsWith("..")))
      findings.push(`${path}: connectors import only #sdk, not ${specifier}`);
    return;
  }
  const target = specifier === "#sdk" ? "sdk" : partOf(relative(root, resolve(root, dirname(path), specifier)));
  if (target !== from && !may[from]?.includes(target))
    findings.push(`${path}: ${from} must not import ${target} (${specifier})`);
}

for (const path of [...files("src"), ...files("connectors")]) {
  const text = readFileSync(join(root, path), "utf8");
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) checkImport(path, match[1] ?? "");
}
for (const path of [
  ...files("src"),
  ...files("connectors"),
  ...files("test"),
  ...files("bench"),
  ...files("samples"),
]) {
  const lines = readFileSync(join(root, path), "utf8").split("\n").length - 1;
  if (lines > maxLines) findings.push(`${path}: ${lines} lines, more than ${maxLines}`);
}
for (const finding of findings) process.stderr.write(`${finding}\n`);
process.exit(findings.length > 0 ? 1 : 0);
