import { describe, expect, it } from "vitest";
import { pollSource, readAll } from "./poll-scene.ts";
import { ingested } from "./poll-suite.ts";
import { grant } from "./secured-scene.ts";
import type { SiemScene } from "./siem-scene.ts";

const minute = 60_000;

/** What the poll source does with a server that is particular about who asks. */
export function securitySuite(scene: SiemScene): void {
  const isElastic = (): boolean => scene.client.server.product === "elasticsearch";
  /** What the least key for reading needs. */
  const reading = (): string[] =>
    isElastic()
      ? ["read"]
      : ["read", "indices:data/read/point_in_time/create", "indices:data/read/point_in_time/delete"];

  describe("the poll source on a secured server", () => {
    it("reads with a key that may do nothing but read", async () => {
      const index = scene.freshName("logs-read");
      await scene.write(
        index,
        ingested("r", 12, (n) => Date.now() - minute + n),
      );
      const settings = await grant(scene, scene.freshName("reader"), [{ names: [`${index}*`], privileges: reading() }]);
      const { records } = await readAll(pollSource(scene, { indices: [index], ...settings }));
      expect(records).toHaveLength(12);
    });

    it("names the privilege that is missing", async () => {
      const index = scene.freshName("logs-forbidden");
      await scene.write(
        index,
        ingested("f", 2, () => Date.now() - minute),
      );
      const settings = await grant(scene, scene.freshName("stranger"), [{ names: ["else-*"], privileges: reading() }]);
      await expect(readAll(pollSource(scene, { indices: [index], ...settings }))).rejects.toMatchObject({
        code: "siem_forbidden",
        remedy: "exit",
        message: expect.stringMatching(/Grant the .*read/),
      });
    });

    it("says that credentials are refused", async () => {
      const wrong = isElastic() ? { api_key: "bm86c3VjaA==" } : { username: "nobody", password: "wrong" };
      const source = pollSource(scene, { indices: ["logs-*"], tls: { ca_file: scene.caFile }, ...wrong });
      await expect(readAll(source)).rejects.toMatchObject({ code: "siem_unauthorized" });
    });

    it("says that the server is not trusted", async () => {
      const source = pollSource(scene, { indices: ["logs-*"] });
      await expect(readAll(source)).rejects.toMatchObject({ code: "siem_tls_failed" });
    });

    it("says that a key has run out while it reads", async (context) => {
      if (!isElastic()) return context.skip("OpenSearch has no keys that end");
      const index = scene.freshName("logs-expired");
      await scene.write(
        index,
        ingested("e", 20, (n) => Date.now() - minute + n),
      );
      const body = {
        name: "short",
        role_descriptors: { short: { indices: [{ names: [index], privileges: ["read"] }] } },
      };
      const made = Object(await scene.ask({ method: "POST", path: "/_security/api_key", body }));
      const settings = { tls: { ca_file: scene.caFile }, api_key: String(made.encoded) };
      const source = pollSource(scene, { indices: [index], once: false, ...settings });
      const reading = readAll(source, undefined, async (seen) => {
        if (seen.length === 10)
          await scene.ask({ method: "DELETE", path: "/_security/api_key", body: { ids: [made.id] } });
        return false;
      });
      await expect(reading).rejects.toMatchObject({
        code: "siem_unauthorized",
        message: expect.stringContaining("API key"),
      });
    });
  });
}
