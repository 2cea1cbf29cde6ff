import fc from "fast-check";
import { expect, it } from "vitest";
import { planBatches } from "../../src/label/plan-batches.ts";
import { splitJobs } from "../../src/label/split-jobs.ts";

const BUCKETS = [8, 16, 32, 64, 160];

it("puts every text in one batch, padded to the smallest bucket that holds it, whatever stands beside it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 160 }), { maxLength: 300 }),
      fc.integer({ min: 1, max: 5_000 }),
      (counts, maxBatchTokens) => {
        const batches = planBatches(counts, BUCKETS, maxBatchTokens);
        const rows = batches.flatMap((batch) => batch.rows);
        expect(rows.toSorted((a, b) => a - b)).toEqual(counts.map((_, row) => row));
        for (const batch of batches) {
          for (const row of batch.rows)
            expect(batch.length).toBe(BUCKETS.find((length) => length >= (counts[row] ?? 0)));
          if (batch.rows.length > 1) expect(batch.length * batch.rows.length).toBeLessThanOrEqual(maxBatchTokens);
        }
      },
    ),
  );
});

it("splits a call into jobs that hold every text once, within the budget or alone", () => {
  const limits = { workers: 3, maxTokens: 160, maxJobTokens: 512 };
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 500 }), { maxLength: 200 }), (texts) => {
      const jobs = splitJobs(texts, limits);
      const rows = jobs.flatMap((job) => job.rows);
      expect(rows.toSorted((a, b) => a - b)).toEqual(texts.map((_, row) => row));
      for (const job of jobs) {
        expect(job.texts).toEqual(job.rows.map((row) => texts[row]));
        const cost = job.texts.reduce((sum, text) => sum + Math.min(160, 2 + Math.ceil(text.length / 2)), 0);
        if (job.texts.length > 1) expect(cost).toBeLessThanOrEqual(limits.maxJobTokens);
      }
    }),
  );
});
