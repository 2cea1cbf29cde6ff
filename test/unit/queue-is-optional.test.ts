import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(resolve(root, file), "utf8");
/** Imports that load a module when their own is loaded: neither types nor `import()`. */
const eager = /^import (?!type )[^;]*? from "([^"]+)";/gm;

function eagerImports(file: string): string[] {
  const found = [...read(file).matchAll(eager)];
  return found.flatMap(([whole, from = ""]) => (/^import \{( type \w+,?)+ \}/.test(whole) ? [] : [from]));
}

describe("a process that labels by itself", () => {
  it("loads neither the queue nor its packages", () => {
    const files = globSync(["src/**/*.ts", "connectors/**/*.ts"], { cwd: root });
    expect(files.length).toBeGreaterThan(100);
    for (const file of files) {
      const isQueue = file.startsWith("src/queue/");
      const wrong = eagerImports(file).filter(
        (from) => /^(bullmq|ioredis)/.test(from) || (!isQueue && from.includes("/queue/")),
      );
      expect(wrong, file).toEqual([]);
    }
  });

  it("is held to that by a pattern that sees eager imports", () => {
    expect(eagerImports("src/cli/run-command.ts")).toContain("./open-pipeline.ts");
    expect(read("src/cli/worker-command.ts")).toContain('import("../queue/queue-worker.ts")');
  });
});
