import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../samples/random.ts";
import type { TagsmithError } from "../../src/sdk/index.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { idsOf, pollSource, readAll } from "./poll-scene.ts";
import { idsFrom, ingested } from "./poll-suite.ts";
import type { SiemScene } from "./siem-scene.ts";

const minute = 60_000;

/** The error each fault is seen as. */
const codes: Readonly<Partial<Record<Fault, string>>> = {
  rate_limited: "siem_rate_limited",
  circuit_breaker: "siem_circuit_breaker",
  unavailable: "siem_unavailable",
  html_page: "siem_answer_invalid",
  reset: "siem_unreachable",
  answer_lost: "siem_unreachable",
  answer_late: "siem_timeout",
};

/** What the poll source does when the way to the server is bad. */
export function faultSuite(scene: SiemScene): void {
  let proxy: FaultProxy | undefined;
  beforeAll(async () => {
    proxy = await startFaultProxy(scene.server.url);
  });
  afterAll(() => proxy?.close());
  const through = (): FaultProxy => {
    if (proxy === undefined) throw new Error("the proxy is not started");
    return proxy;
  };
  const read = async (index: string, waits: TagsmithError[], timeoutSecs = 2): Promise<string[]> => {
    const settings = { urls: [through().url], indices: [index], request_timeout_secs: timeoutSecs };
    const { records } = await readAll(pollSource(scene, settings, { waits }));
    return idsOf(records);
  };

  describe("the poll source behind a bad connection", () => {
    for (const fault of [...Object.keys(codes), "answer_half", "answer_slow"] as Fault[]) {
      it(`loses and repeats nothing when some requests meet: ${fault}`, async () => {
        const index = scene.freshName("fault");
        const documents = ingested("f", 60, (n) => Date.now() - minute + (n >> 2));
        await scene.write(index, documents);
        let searches = 0;
        through().decide((_method, path) => (path.startsWith("/_search?") && ++searches % 4 === 2 ? fault : "none"));
        const waits: TagsmithError[] = [];
        expect(await read(index, waits, fault === "answer_late" ? 2 : 20)).toEqual(idsFrom(documents));
        expect(searches).toBeGreaterThan(4);
        const seen = new Set(waits.map(({ code }) => code));
        if (fault in codes) expect([...seen]).toEqual([codes[fault]]);
        if (fault === "answer_half") expect(seen.size).toBeGreaterThan(0);
        if (fault === "answer_slow") expect(seen.size).toBe(0);
      });
    }

    for (const seed of [1, 2]) {
      it(`loses and repeats nothing when anything meets any request (seed ${seed})`, async () => {
        const index = scene.freshName("chaos");
        const documents = ingested("c", 120, (n) => Date.now() - minute + (n >> 2));
        await scene.write(index, documents);
        const random = createRandom(seed);
        const kinds: readonly Fault[] = [
          "rate_limited",
          "circuit_breaker",
          "unavailable",
          "html_page",
          "reset",
          "answer_lost",
          "answer_half",
          "answer_slow",
        ];
        through().decide(() => (random.below(100) < 25 ? (kinds[random.below(kinds.length)] ?? "none") : "none"));
        const waits: TagsmithError[] = [];
        expect(await read(index, waits)).toEqual(idsFrom(documents));
        expect(waits.length).toBeGreaterThan(0);
      });
    }
  });
}
