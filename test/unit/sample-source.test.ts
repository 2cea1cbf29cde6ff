import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { sampleSource } from "../../src/cli/sample-source.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import type { Connector } from "../../src/sdk/connector.ts";
import type { Batch } from "../../src/sdk/source.ts";

it("takes no more of a live source than it is asked for, and closes it", { timeout: 5_000 }, async () => {
  const closed: string[] = [];
  const batch = (id: string): Batch => {
    const record = { kind: "document" as const, document: { id }, container: "i", id, sequence: 1 };
    return { records: [record, record], cursor: id };
  };
  const connector: Connector = {
    name: "live",
    createSource: () => ({
      name: "live",
      isLive: true,
      async *read(_, signal) {
        yield batch("a");
        yield batch("b");
        await sleep(60_000, undefined, { signal, ref: false }).catch(() => undefined);
      },
      close: async () => void closed.push("closed"),
    }),
    createSink: () => {
      throw new Error("no sink");
    },
  };
  const config = parseConfig("source: { type: live }\nsink: { type: live }\nstate: { path: x.db }\n", "t.yaml");
  const terminal = { out: process.stdout, err: process.stderr, now: () => 0 };
  const ids: string[] = [];
  for await (const records of sampleSource(config, 3, new Map([["live", connector]]), terminal)) {
    ids.push(...records.map(({ id }) => id));
  }
  expect(ids).toEqual(["a", "a", "b"]);
  expect(closed).toEqual(["closed"]);
});
