import { describe, expect, it } from "vitest";
import { idsOf, pollSource, readAll } from "./poll-scene.ts";
import { idsFrom, ingested } from "./poll-suite.ts";
import type { SiemScene } from "./siem-scene.ts";

/** More documents of one moment than the server gives in one page. */
export function momentSuite(scene: SiemScene): void {
  describe("the poll source and a crowded millisecond", () => {
    it("reads all of it, once", async () => {
      const index = scene.freshName("moment");
      const at = Date.now() - 60_000;
      const documents = [
        ...ingested("before", 10, () => at - 1),
        ...ingested("same", 21_000, () => at),
        ...ingested("after", 10, () => at + 1),
      ];
      for (let from = 0; from < documents.length; from += 3_000)
        await scene.write(index, documents.slice(from, from + 3_000));
      const { records } = await readAll(pollSource(scene, { indices: [index], batch_records: 2_000 }));
      expect(idsOf(records)).toEqual(idsFrom(documents));
    });
  });
}
