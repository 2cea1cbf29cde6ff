import { expect, it } from "vitest";
import { splitJobs } from "../../src/label/split-jobs.ts";

it("shares a call among the workers and hands out the long texts first", () => {
  const texts = Array.from({ length: 100 }, (_, index) => "x".repeat(index + 1));
  const jobs = splitJobs(texts, { workers: 4, maxTokens: 160, maxJobTokens: 4_096 });
  expect(jobs.length).toBeGreaterThanOrEqual(4);
  expect(jobs[0]?.rows[0]).toBe(99);
  expect(jobs.at(-1)?.rows.at(-1)).toBe(0);
});

it("keeps a small call together", () => {
  expect(splitJobs(["id", "whoami", "uname -a"], { workers: 4, maxTokens: 160, maxJobTokens: 4_096 })).toHaveLength(1);
});

it("makes no job of nothing", () => {
  expect(splitJobs([], { workers: 4, maxTokens: 160, maxJobTokens: 4_096 })).toEqual([]);
});
