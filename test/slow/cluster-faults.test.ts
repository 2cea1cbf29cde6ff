import { describe } from "vitest";
import { faultSuite } from "../integration/cluster-fault-suite.ts";

describe("a cluster", () => {
  faultSuite(100, Number(process.env["TAGSMITH_SEED"] ?? 77));
});
