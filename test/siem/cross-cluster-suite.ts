import { describe, expect, it } from "vitest";
import type { TagsmithError } from "../../src/sdk/index.ts";
import { idsOf, pollSource, readAll } from "./poll-scene.ts";
import { idsFrom, ingested } from "./poll-suite.ts";
import type { SiemScene } from "./siem-scene.ts";

const minute = 60_000;

/** Reading through one cluster from another; here the server is a remote cluster of its own. */
export function crossClusterSuite(scene: SiemScene): void {
  const addCluster = (name: string, seed: string | null, skips: boolean | null): Promise<unknown> => {
    const persistent = {
      [`cluster.remote.${name}.seeds`]: seed === null ? null : [seed],
      [`cluster.remote.${name}.skip_unavailable`]: skips,
    };
    return scene.ask({ method: "PUT", path: "/_cluster/settings", body: { persistent } });
  };

  describe("the poll source and other clusters", () => {
    it("reads them too, without its own output there", async () => {
      const [index, own] = [scene.freshName("logs-remote"), scene.freshName("tagsmith-remote")];
      await addCluster("far", `127.0.0.1:${scene.server.transportPort}`, false);
      const documents = ingested("x", 25, (n) => Date.now() - minute + n);
      await scene.write(index, documents);
      await scene.write(
        own,
        ingested("own", 3, (n) => Date.now() - minute + n),
      );
      const { records } = await readAll(pollSource(scene, { indices: [`far:${index}*`, `far:${own}*`] }));
      expect(idsOf(records)).toEqual(idsFrom(documents));
      expect(new Set(records.map(({ container }) => container))).toEqual(new Set([`far:${index}`]));
    });

    it("waits for one that does not answer, also where the server would leave it out", async () => {
      const [index, other] = [scene.freshName("logs-near"), scene.freshName("logs-skipped")];
      await addCluster("far", `127.0.0.1:${scene.server.transportPort}`, false);
      await addCluster("gone", "127.0.0.1:1", true);
      const documents = ingested("s", 5, (n) => Date.now() - minute + n);
      for (const name of [index, other]) await scene.write(name, documents);
      const waits: TagsmithError[] = [];
      const stop = readAll(pollSource(scene, { indices: [`far:${index}`, `gone:${other}`] }, { waits }));
      await expect.poll(() => waits.length, { timeout: 60_000 }).toBeGreaterThan(0);
      await addCluster("gone", `127.0.0.1:${scene.server.transportPort}`, true);
      const { records } = await stop;
      expect(records).toHaveLength(10);
      expect(waits[0]).toMatchObject({ remedy: "retry" });
      await addCluster("gone", null, null);
    });
  });
}
