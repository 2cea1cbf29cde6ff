import { describe, expect, it } from "vitest";
import { TagsmithError } from "../../src/event/tagsmith-error.ts";
import { retry } from "../../src/pipeline/retry.ts";

const waits = { minWaitMs: 1, maxWaitMs: 4, random: () => 0 };
const never = new AbortController().signal;
const failure = (remedy: "retry" | "exit"): TagsmithError => new TagsmithError("output_busy", "busy", remedy);

describe("retry", () => {
  it("repeats until the work succeeds", async () => {
    let attempts = 0;
    const work = (): string => {
      attempts += 1;
      if (attempts < 4) throw failure("retry");
      return "done";
    };
    expect(await retry(work, waits, never)).toBe("done");
    expect(attempts).toBe(4);
  });

  it("says before each wait what it waits for and how long", async () => {
    const said: [string, number][] = [];
    let attempts = 0;
    const work = (): void => {
      attempts += 1;
      if (attempts < 4) throw failure("retry");
    };
    await retry(work, { ...waits, onWait: ({ code }, waitMs) => said.push([code, waitMs]) }, never);
    expect(said).toEqual([
      ["output_busy", 0.5],
      ["output_busy", 1],
      ["output_busy", 2],
    ]);
  });

  it("passes on an error that repeating does not help", async () => {
    let attempts = 0;
    const work = (): never => {
      attempts += 1;
      throw failure("exit");
    };
    await expect(retry(work, waits, never)).rejects.toThrow("busy");
    expect(attempts).toBe(1);
  });

  it("stops waiting when aborted", async () => {
    const controller = new AbortController();
    const work = (): never => {
      controller.abort(new Error("stopped"));
      throw failure("retry");
    };
    await expect(retry(work, { ...waits, minWaitMs: 60_000, maxWaitMs: 60_000 }, controller.signal)).rejects.toThrow();
  });
});
