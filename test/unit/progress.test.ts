import { describe, expect, it } from "vitest";
import { progressLine } from "../../src/cli/progress.ts";

describe("progress line", () => {
  it("shows share, amount, note and time left", () => {
    expect(progressLine(25_000_000, 100_000_000, "bytes", 10, "5/s")).toBe("25 % · 25.0 MB · 5/s · about 30 s left");
  });

  it("promises no end where the total is unknown", () => {
    expect(progressLine(1_234, undefined, "rows", 10, "")).toBe("1,234 rows");
  });

  it("counts long waits in minutes and hours", () => {
    expect(progressLine(1, 11, "rows", 60, "")).toContain("about 10 min left");
    expect(progressLine(1, 101, "rows", 600, "")).toContain("about 16.7 h left");
  });
});
