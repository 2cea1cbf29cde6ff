import { spawnSync } from "node:child_process";
import { join } from "node:path";

const crate = join(import.meta.dirname, "rsigma");

/** Why rsigma cannot be asked here, or undefined; builds it when it is not built yet. */
export function missingRsigma(): string | undefined {
  if (spawnSync("cargo", ["--version"]).status !== 0) return "cargo is not installed";
  const built = spawnSync("cargo", ["build", "--release", "--quiet"], { cwd: crate, encoding: "utf8" });
  return built.status === 0 ? undefined : `rsigma cannot be built: ${built.stderr.slice(0, 200)}`;
}

/** Puts questions to rsigma (`match` or `correlate`, as its main.rs says); the answers in their order. */
export function askRsigma(kind: "match" | "correlate", questions: readonly unknown[]): unknown[] {
  const input = `${questions.map((question) => JSON.stringify(question)).join("\n")}\n`;
  const args = ["run", "--release", "--quiet", "--", kind];
  const { status, stdout, stderr } = spawnSync("cargo", args, {
    cwd: crate,
    encoding: "utf8",
    input,
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`rsigma: ${stderr}`);
  return stdout
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}
