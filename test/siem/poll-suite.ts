import { describe, expect, it } from "vitest";
import { idsOf, pollSource, readAll } from "./poll-scene.ts";
import type { Settings, SiemScene } from "./siem-scene.ts";

const minute = 60_000;
const isoOf = (ms: number): string => new Date(ms).toISOString();

/** Documents with ids `<prefix>0`, `<prefix>1`, … that came in at `at`. */
export function ingested(prefix: string, count: number, at: (n: number) => number): Settings[] {
  return Array.from({ length: count }, (_, n) => ({
    _id: `${prefix}${n}`,
    "@timestamp": isoOf(at(n) - 1_000),
    event: { ingested: isoOf(at(n)) },
    process: { command_line: `ls /tmp/${n}` },
  }));
}

export function idsFrom(documents: readonly Settings[]): string[] {
  return documents.map(({ _id }) => String(_id)).sort();
}

/** What the poll source does with documents and with time. */
export function pollSuite(scene: SiemScene): void {
  describe("the poll source and its documents", () => {
    it("reads a document that shows up late, and only that one", async () => {
      const index = scene.freshName("late");
      const start = Date.now() - 3 * minute;
      const early = ingested("early", 40, (n) => start + n);
      const late = ingested("late", 3, (n) => start + 10 + n);
      await scene.write(index, early);
      let isWritten = false;
      const { records } = await readAll(
        pollSource(scene, { indices: [index], once: false }),
        undefined,
        async (seen) => {
          if (seen.length >= 40 && !isWritten) {
            isWritten = true;
            await scene.write(index, late);
          }
          return seen.length >= 43;
        },
      );
      expect(idsOf(records)).toEqual([...idsFrom(early), ...idsFrom(late)].sort());
    });

    it("reads what showed up late while it was stopped", async () => {
      const index = scene.freshName("late-stopped");
      const start = Date.now() - 90 * minute;
      await scene.write(
        index,
        ingested("early", 30, (n) => start + n * minute),
      );
      const first = await readAll(pollSource(scene, { indices: [index] }));
      const late = ingested("late", 2, (n) => start + n * minute + 500);
      await scene.write(index, late);
      const second = await readAll(pollSource(scene, { indices: [index] }), first.cursor);
      expect(first.records).toHaveLength(30);
      expect(idsOf(second.records)).toEqual(expect.arrayContaining(idsFrom(late)));
      expect(second.records.length).toBeLessThan(6);
      const third = await readAll(pollSource(scene, { indices: [index] }), second.cursor);
      expect(third.records).toEqual([]);
    });

    it("reads on after documents it had read were deleted", async () => {
      const index = scene.freshName("deleted");
      const start = Date.now() - 5 * minute;
      await scene.write(
        index,
        ingested("early", 20, (n) => start + n),
      );
      const first = await readAll(pollSource(scene, { indices: [index] }));
      const query = { term: { _id: "early3" } };
      const path = `/${index}/_delete_by_query`;
      await scene.ask({ method: "POST", path, query: { refresh: true }, body: { query } });
      const second = await readAll(pollSource(scene, { indices: [index] }), first.cursor);
      const late = ingested("late", 1, () => start + 5);
      await scene.write(index, [...late, ...ingested("new", 1, () => Date.now())]);
      const third = await readAll(pollSource(scene, { indices: [index] }), second.cursor ?? first.cursor);
      expect(second.records).toEqual([]);
      expect(idsOf(third.records)).toContain("new0");
    });

    it("reads documents from the future once, and not again when their time comes", async () => {
      const index = scene.freshName("future");
      const soon = Date.now() + 63_000;
      const documents = [
        { _id: "soon", "@timestamp": isoOf(soon) },
        { _id: "far", "@timestamp": "2099-01-01T00:00:00Z" },
        { _id: "past", "@timestamp": isoOf(Date.now() - minute) },
      ];
      await scene.write(index, documents);
      const first = await readAll(pollSource(scene, { indices: [index] }));
      expect(idsOf(first.records)).toEqual(["far", "past", "soon"]);
      const later = pollSource(scene, { indices: [index] }, { waits: [], now: () => Date.now() + 2 * minute });
      const second = await readAll(later, first.cursor);
      expect(second.records).toEqual([]);
    });

    it("leaves out its own output, and documents the query does not want", async () => {
      const [index, own] = [scene.freshName("logs"), scene.freshName("tagsmith-labels")];
      const start = Date.now() - minute;
      await scene.write(
        own,
        ingested("own", 3, (n) => start + n),
      );
      await scene.write(index, [
        ...ingested("a", 2, (n) => start + n),
        ..."bc".split("").map((id) => ({ _id: id, "@timestamp": isoOf(start), host: { name: `web-${id}` } })),
      ]);
      const settings = {
        indices: [`${index}*`, `${own}*`],
        query: { bool: { must_not: { term: { "host.name.keyword": "web-b" } } } },
      };
      const { records } = await readAll(pollSource(scene, settings));
      expect(idsOf(records)).toEqual(["a0", "a1", "c"]);
    });

    it("reads only the fields it is told to", async () => {
      const index = scene.freshName("fields");
      await scene.write(index, [{ "@timestamp": isoOf(Date.now() - minute), a: { b: 1, c: 2 }, d: 3 }]);
      const { records } = await readAll(pollSource(scene, { indices: [index], fields: ["a.b", "d"] }));
      expect(records).toMatchObject([{ kind: "document", document: { a: { b: 1 }, d: 3 } }]);
      expect(JSON.stringify(records)).not.toContain('"c"');
    });

    it("starts where it is told to", async () => {
      const index = scene.freshName("start");
      await scene.write(index, [
        ...ingested("old", 3, () => Date.now() - 120 * minute),
        ...ingested("new", 2, () => Date.now() - 30 * minute),
      ]);
      const { records } = await readAll(pollSource(scene, { indices: [index], from: "now-1h" }));
      expect(idsOf(records)).toEqual(["new0", "new1"]);
    });

    it("reads times of any precision and format", async () => {
      const index = scene.freshName("nanos");
      const mappings = {
        properties: {
          "@timestamp": { type: "date", format: "yyyy/MM/dd HH:mm:ss||epoch_second" },
          event: { properties: { ingested: { type: "date_nanos" } } },
        },
      };
      await scene.ask({ method: "PUT", path: `/${index}`, body: { mappings } });
      const nanos = Array.from({ length: 25 }, (_, n) => ({
        _id: `n${n}`,
        "@timestamp": "2026/01/05 10:00:00",
        event: { ingested: `2026-01-05T10:00:00.000000${String(n).padStart(3, "0")}Z` },
      }));
      const seconds = Array.from({ length: 25 }, (_, n) => ({ _id: `s${n}`, "@timestamp": "2026/01/05 10:00:01" }));
      await scene.write(index, [...nanos, ...seconds]);
      const { records } = await readAll(pollSource(scene, { indices: [index] }));
      expect(idsOf(records)).toEqual(idsFrom([...nanos, ...seconds]));
    });

    it("says of a document that the index keeps no source, and goes on", async () => {
      const index = scene.freshName("sourceless");
      await scene.ask({ method: "PUT", path: `/${index}`, body: { mappings: { _source: { enabled: false } } } });
      await scene.write(
        index,
        ingested("s", 2, () => Date.now() - minute),
      );
      const { records } = await readAll(pollSource(scene, { indices: [index] }));
      expect(records.map((record) => record.kind === "unreadable" && record.code)).toEqual(
        Array(2).fill("siem_source_missing"),
      );
    });

    it("gives events of equal time the same order in every run", async () => {
      const index = scene.freshName("order");
      const settings = { number_of_shards: 3, number_of_replicas: 0 };
      await scene.ask({ method: "PUT", path: `/${index}`, body: { settings } });
      const at = Date.now() - minute;
      await scene.write(
        index,
        ingested("o", 60, () => at),
      );
      const [first, second] = [
        await readAll(pollSource(scene, { indices: [index] })),
        await readAll(pollSource(scene, { indices: [index], batch_records: 7 })),
      ];
      const sequences = ({ records }: typeof first) => new Map(records.map(({ id, sequence }) => [id, sequence]));
      expect(sequences(second)).toEqual(sequences(first));
    });
  });
}
