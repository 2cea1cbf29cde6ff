import { defineConfig } from "vitest/config";
import usual from "./vitest.config.ts";

/** The slower tier: what `npm test` runs, test/slow, and the search servers in every version. */
export default defineConfig({
  ...usual,
  test: {
    ...usual.test,
    testTimeout: 600_000,
    projects: [
      ...(usual.test?.projects ?? []),
      {
        extends: true,
        test: {
          name: "slow",
          pool: "forks",
          include: ["test/slow/**/*.test.ts", "test/siem/all/*.test.ts"],
          fileParallelism: false,
        },
      },
    ],
  },
});
