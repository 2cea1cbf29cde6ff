import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Some hundred processes are started, all of the same modules.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules", ".cache", "compile") },
    projects: [
      {
        extends: true,
        test: {
          name: "plain",
          pool: "threads",
          isolate: false,
          include: ["test/{unit,contract,golden,property}/**/*.test.ts"],
        },
      },
      // Native add-ons (the ONNX runtime) and child processes do not share a process with other tests.
      {
        extends: true,
        test: {
          name: "native",
          pool: "forks",
          include: ["test/{integration,e2e}/**/*.test.ts"],
          fileParallelism: false,
        },
      },
      // Each file starts a real search server; one at a time.
      {
        extends: true,
        test: { name: "siem", pool: "forks", include: ["test/siem/*.test.ts"], fileParallelism: false },
      },
    ],
  },
});
