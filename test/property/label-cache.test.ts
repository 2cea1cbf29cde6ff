import fc from "fast-check";
import { expect, it } from "vitest";
import { createLabelCache } from "../../src/label/label-cache.ts";
import type { Labelled } from "../../src/label/labelled.ts";

it("never gives a text another's labels, keeps its bound, and balances its counters under any use", () => {
  const operation = fc.record({ write: fc.boolean(), key: fc.integer({ min: 0, max: 60 }) });
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 400 }),
      fc.integer({ min: 0, max: 15_000 }),
      (operations, maxBytes) => {
        const cache = createLabelCache({ maxBytes });
        const written = new Map<string, Labelled>();
        let reads = 0;
        for (const { write, key } of operations) {
          const text = `command ${key}`;
          if (write) {
            const value = written.get(text) ?? { labels: [], tags: [text] };
            written.set(text, value);
            cache.set(text, value);
          } else {
            reads += 1;
            const found = cache.get(text);
            if (found !== undefined) expect(found).toBe(written.get(text));
          }
          const { bytes, hits, misses, entries } = cache.counters();
          expect(bytes).toBeLessThanOrEqual(maxBytes);
          expect(bytes === 0).toBe(entries === 0);
          expect(hits + misses).toBe(reads);
        }
      },
    ),
  );
});
