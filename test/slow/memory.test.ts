import { describe, expect, it } from "vitest";
import { benchEndToEnd } from "../../bench/end-to-end.ts";

describe("memory", () => {
  it("stays under a gigabyte over a million events of two thousand sessions that all stay open", async () => {
    const { events, peakMb, sessions } = await benchEndToEnd(1_000_000, 3_000);
    expect(events).toBe(1_000_000);
    expect(sessions).toBe(2_000);
    expect(peakMb).toBeLessThan(1_024);
  });
});
