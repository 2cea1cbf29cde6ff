import { describe } from "vitest";
import { failoverSuite } from "../integration/cluster-failover-suite.ts";

describe("a cluster whose Redis fails over again and again", () => {
  for (let seed = 1; seed <= 4; seed += 1) {
    failoverSuite(
      [
        ["killed", 1_000],
        ["killed", 10_000],
        ["paused", 6_000],
      ],
      seed,
    );
  }
});
