import { describe } from "vitest";
import { faultSuite } from "./cluster-fault-suite.ts";

describe("a cluster", () => {
  faultSuite(20, 5);
});
