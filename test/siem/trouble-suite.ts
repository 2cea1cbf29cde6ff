import { describe, expect, it } from "vitest";
import type { SearchClient } from "../../connectors/elasticsearch/search-http.ts";
import type { TagsmithError } from "../../src/sdk/index.ts";
import { idsOf, pollSource, readAll } from "./poll-scene.ts";
import { idsFrom, ingested } from "./poll-suite.ts";
import type { Settings, SiemScene } from "./siem-scene.ts";

const minute = 60_000;

/** Closes the view a page is about to be read from, before the page of this number. */
function loseView(client: SearchClient, beforePage: number): SearchClient {
  let pages = 0;
  return {
    ...client,
    request: async (call, signal) => {
      const pit = call.path === "/_search" ? call.body?.["pit"] : undefined;
      if (typeof pit === "object" && pit !== null && "id" in pit && ++pages === beforePage) {
        await client.request(client.dialect.closeView(String(pit.id)), signal);
      }
      return client.request(call, signal);
    },
  };
}

/** What the poll source does when indices and the server change under it. */
export function troubleSuite(scene: SiemScene): void {
  describe("the poll source in trouble", () => {
    it("opens a new view when the old one has expired, and repeats nothing", async () => {
      const index = scene.freshName("expired");
      const documents = ingested("d", 55, (n) => Date.now() - minute + (n >> 3));
      await scene.write(index, documents);
      const watch = { waits: [], wrap: (client: SearchClient) => loseView(client, 3) };
      const { records } = await readAll(pollSource(scene, { indices: [index] }, watch));
      expect(idsOf(records)).toEqual(idsFrom(documents));
      expect(watch.waits).toMatchObject([{ code: "siem_view_lost" }]);
    });

    it("follows a data stream over its rollover", async () => {
      const stream = scene.freshName("stream");
      const body = { index_patterns: [`${stream}*`], data_stream: {}, priority: 900 };
      await scene.ask({ method: "PUT", path: `/_index_template/${stream}`, body });
      const rounds = [0, 1, 2].map((round) => ingested(`r${round}-`, 25, (n) => Date.now() - 10_000 + round * 100 + n));
      await scene.write(stream, rounds[0] ?? []);
      let written = 1;
      const { records } = await readAll(
        pollSource(scene, { indices: [stream], once: false }),
        undefined,
        async (seen) => {
          if (seen.length >= written * 25 && written < 3) {
            await scene.ask({ method: "POST", path: `/${stream}/_rollover` });
            await scene.write(stream, rounds[written] ?? []);
            written += 1;
          }
          return seen.length >= 75;
        },
      );
      expect(idsOf(records)).toEqual(idsFrom(rounds.flat()));
      expect(new Set(records.map(({ container }) => container)).size).toBe(3);
    });

    it("goes on with the other indices when one is deleted while it is read", async () => {
      const [kept, gone] = [scene.freshName("kept"), scene.freshName("gone")];
      const documents = ingested("k", 60, (n) => Date.now() - minute + n);
      await scene.write(kept, documents);
      await scene.write(
        gone,
        ingested("g", 60, (n) => Date.now() - minute + n),
      );
      let isDeleted = false;
      const { records } = await readAll(pollSource(scene, { indices: [kept, gone] }), undefined, async (seen) => {
        if (seen.length >= 20 && !isDeleted) {
          isDeleted = true;
          await scene.ask({ method: "DELETE", path: `/${gone}` });
        }
        return false;
      });
      const read = idsOf(records.filter(({ container }) => container === kept));
      expect(read).toEqual(idsFrom(documents));
    });

    it("reads the index an alias was moved to", async () => {
      const [alias, first, second] = [scene.freshName("alias"), scene.freshName("first"), scene.freshName("second")];
      const before = ingested("b", 12, (n) => Date.now() - 8_000 + n);
      let after: Settings[] = [];
      await scene.write(first, before);
      await scene.ask({ method: "PUT", path: `/${first}/_alias/${alias}` });
      let isMoved = false;
      const { records } = await readAll(
        pollSource(scene, { indices: [alias], once: false }),
        undefined,
        async (seen) => {
          if (seen.length >= 12 && !isMoved) {
            isMoved = true;
            after = ingested("a", 12, (n) => Date.now() + n);
            await scene.write(second, after);
            const actions = [{ remove: { index: first, alias } }, { add: { index: second, alias } }];
            await scene.ask({ method: "POST", path: "/_aliases", body: { actions } });
          }
          return seen.length >= 24;
        },
      );
      expect(idsOf(records)).toEqual(idsFrom([...before, ...after]));
    });

    it("waits for a shard that is not there, and takes its silence for no answer", async () => {
      const [whole, broken] = [scene.freshName("shards-a"), scene.freshName("shards-b")];
      const documents = ingested("w", 15, (n) => Date.now() - minute + n);
      await scene.write(whole, documents);
      const nowhere = { "index.routing.allocation.require._name": "nowhere" };
      const query = { wait_for_active_shards: 0 };
      await scene.ask({ method: "PUT", path: `/${broken}`, query, body: { settings: nowhere } });
      const waits: TagsmithError[] = [];
      const source = pollSource(scene, { indices: [whole, broken], once: false }, { waits });
      const reading = readAll(source, undefined, (seen) => seen.length >= 20);
      await expect.poll(() => waits.length, { timeout: 20_000 }).toBeGreaterThan(1);
      const settings = { "index.routing.allocation.require._name": null };
      await scene.ask({ method: "PUT", path: `/${broken}/_settings`, body: settings });
      await scene.write(
        broken,
        ingested("b", 5, (n) => Date.now() - minute + n),
      );
      const { records } = await reading;
      expect(records).toHaveLength(20);
      expect(waits).toEqual(expect.arrayContaining([expect.objectContaining({ code: "siem_unavailable" })]));
    });

    it("ends with advice when no index matches, once; and waits for one to come otherwise", async () => {
      const index = scene.freshName("missing");
      await expect(readAll(pollSource(scene, { indices: [index] }))).rejects.toMatchObject({ code: "siem_not_found" });
      await expect(readAll(pollSource(scene, { indices: [`${index}*`] }))).rejects.toMatchObject({
        code: "siem_not_found",
      });
      const waits: TagsmithError[] = [];
      const source = pollSource(scene, { indices: [`${index}*`], once: false }, { waits });
      const reading = readAll(source, undefined, (seen) => seen.length >= 3);
      await expect.poll(() => waits.length, { timeout: 20_000 }).toBe(1);
      await scene.write(
        index,
        ingested("m", 3, () => Date.now() - minute),
      );
      expect((await reading).records).toHaveLength(3);
      expect(waits.filter(({ code }) => code === "siem_not_found")).toHaveLength(1);
    });

    it("ends with advice when a time field is no time", async () => {
      const index = scene.freshName("text-time");
      const mappings = { properties: { event: { properties: { ingested: { type: "keyword" } } } } };
      await scene.ask({ method: "PUT", path: `/${index}`, body: { mappings } });
      await scene.write(
        index,
        ingested("t", 2, () => Date.now() - minute),
      );
      const reading = readAll(pollSource(scene, { indices: [index] }));
      await expect(reading).rejects.toMatchObject({
        code: "siem_time_field_unusable",
        message: expect.stringMatching(/event\.ingested.*keyword/),
      });
      const { records } = await readAll(pollSource(scene, { indices: [index], time_fields: ["@timestamp"] }));
      expect(records).toHaveLength(2);
    });

    it("ends with the server's reason when the query cannot be", async () => {
      const index = scene.freshName("refused");
      await scene.write(
        index,
        ingested("q", 1, () => Date.now() - minute),
      );
      const reading = readAll(pollSource(scene, { indices: [index], query: { no_such_query: {} } }));
      await expect(reading).rejects.toMatchObject({ code: "siem_request_refused", remedy: "exit" });
    });

    it("goes on after the server was killed and came back", async () => {
      const index = scene.freshName("restart");
      const documents = ingested("r", 60, (n) => Date.now() - minute + n);
      await scene.write(index, documents);
      const waits: TagsmithError[] = [];
      let isRestarted = false;
      const settings = { indices: [index], request_timeout_secs: 5 };
      const { records } = await readAll(pollSource(scene, settings, { waits }), undefined, async (seen) => {
        if (seen.length >= 20 && !isRestarted) {
          isRestarted = true;
          await scene.server.restart();
        }
        return false;
      });
      expect(idsOf(records)).toEqual(idsFrom(documents));
      expect(waits.length).toBeGreaterThan(0);
    });
  });
}
