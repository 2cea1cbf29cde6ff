import { describe } from "vitest";
import type { Document } from "../../src/sdk/index.ts";
import { checkSource, type SourceScene } from "../contract/check-source.ts";
import { pollSource } from "./poll-scene.ts";
import type { Settings, SiemScene } from "./siem-scene.ts";

/** Times that tie, in groups smaller and larger than a page. */
function documentsOf(count: number, timeOf: (n: number) => Settings): Document[] {
  return Array.from({ length: count }, (_, n) => ({ n, process: { args: ["ls", `/tmp/${n}`] }, ...timeOf(n) }));
}

const start = Date.parse("2026-01-05T10:00:00Z");
const at = (ms: number): string => new Date(start + ms).toISOString();

const shapes: Readonly<Record<string, (n: number) => Settings>> = {
  "with ingest times": (n) => ({ "@timestamp": at(-n), event: { ingested: at(n * 7) } }),
  "without ingest times": (n) => ({ "@timestamp": at(n * 40_000) }),
  "some with ingest times and some without": (n) =>
    n % 3 === 0 ? { "@timestamp": at(n) } : { "@timestamp": at(0), event: { ingested: at(n * 500) } },
  "with one ingest time for all": () => ({ "@timestamp": at(0), event: { ingested: at(0) } }),
};

/** Holds the poll source to the contract of sources, on several shapes of documents. */
export function sourceContractSuite(scene: SiemScene): void {
  const create = async (some: readonly Document[], settings: Settings): Promise<SourceScene> => {
    const [first, second] = [scene.freshName("logs-a"), scene.freshName("logs-b")];
    await scene.ask({
      method: "PUT",
      path: `/${first}`,
      body: { settings: { number_of_shards: 1, number_of_replicas: 0 } },
    });
    await scene.write(first, some.slice(0, 150));
    await scene.write(second, some.slice(150));
    return {
      open: () => pollSource(scene, { indices: [first, second], ...settings }),
      dispose: async () => {
        await scene.ask({ method: "DELETE", path: `/${first},${second}` });
      },
    };
  };
  describe("the poll source", () => {
    for (const [name, timeOf] of Object.entries(shapes)) {
      describe(`on documents ${name}`, () => {
        checkSource({ create: (some) => create(some, {}), documents: documentsOf(237, timeOf) });
      });
    }
    describe("that waits for more", () => {
      const documents = documentsOf(237, shapes["with ingest times"] ?? (() => ({})));
      checkSource({ create: (some) => create(some, { once: false }), documents, isLive: true });
    });
  });
}
