import { defineConfig } from "vitest/config";
import usual from "./vitest.config.ts";

/** The slower tier: what `npm test` runs, and test/slow. */
export default defineConfig({
  ...usual,
  test: {
    ...usual.test,
    testTimeout: 600_000,
    projects: [
      ...(usual.test?.projects ?? []),
      {
        extends: true,
        test: { name: "slow", pool: "forks", include: ["test/slow/**/*.test.ts"], fileParallelism: false },
      },
    ],
  },
});
