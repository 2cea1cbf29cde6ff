import { describe } from "vitest";
import { failoverSuite } from "./cluster-failover-suite.ts";

describe("a cluster whose Redis fails over", () => {
  failoverSuite([["killed", 6_000]], 4);
});
