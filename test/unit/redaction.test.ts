import { describe, expect, it } from "vitest";
import type { Event } from "../../src/event/event.ts";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { parseMapping } from "../../src/normalize/load-mappings.ts";
import { createRedaction, type RedactMode } from "../../src/pipeline/redaction.ts";
import type { SessionStage } from "../../src/pipeline/session-stage.ts";
import { runPipeline } from "../../src/pipeline/wire.ts";
import type { Document } from "../../src/sdk/document.ts";
import type { Output } from "../../src/sdk/sink.ts";
import { openState } from "../../src/state/open-state.ts";
import { createCounts } from "../../src/telemetry/signals.ts";

const mapping = parseMapping(
  "name: rows\nversion: 1\ntitle: Rows\nprecedence: 1\nrecognise: { field: cmd, exists: true }\ntext: [cmd]\nparent: [by]\n",
  "rows.yaml",
);
const sessions: SessionStage = {
  add: () => [],
  closeIdle: () => [],
  closeAll: () => [],
  changes: () => ({}),
  restore: () => undefined,
};
const hide = (text: string): string => text.replaceAll("hunter2", "<redacted>");

/** Runs documents through the whole pipeline: what the model read and what the sink got. */
async function runWith(mode: RedactMode, documents: readonly Document[]) {
  const read: string[] = [];
  const outputs: Output[] = [];
  const records = documents.map((document, index) => {
    return { kind: "document" as const, document, container: "a", id: `line:${index + 1}`, sequence: index };
  });
  await runPipeline(
    {
      source: {
        name: "s",
        async *read() {
          yield { records, cursor: "1" };
        },
        close: async () => undefined,
      },
      normalizer: createNormalizer({ mappings: [mapping], readers: builtInReaders, source: "s" }),
      labeller: {
        async label(texts) {
          read.push(...texts);
          return texts.map(() => ({ labels: [], tags: [] }));
        },
      },
      sessions,
      sink: {
        name: "sink",
        open: async () => undefined,
        async write(output) {
          outputs.push(output);
          return "0";
        },
        close: async () => undefined,
      },
      state: openState(":memory:"),
      counts: createCounts(),
      redaction: createRedaction(mode, hide),
      maxBatchesInFlight: 1,
      stopWithinMs: 1000,
      now: () => 0,
      random: () => 0,
    },
    new AbortController().signal,
  );
  const stored = outputs.flatMap((output) => output.labels).map(({ event }) => event);
  return { read, stored, excerpts: outputs.flatMap((output) => output.deadLetters).map(({ excerpt }) => excerpt) };
}

const documents = [{ cmd: "mysql -phunter2", by: "sh -c hunter2" }, { other: "hunter2" }];

describe("secrets on their way through the pipeline", () => {
  it("are read by the model and not stored", async () => {
    const { read, stored, excerpts } = await runWith("stored", documents);
    expect(read).toEqual(["mysql -phunter2"]);
    expect(stored).toMatchObject([{ text: "mysql -p<redacted>", parent: "sh -c <redacted>" }]);
    expect(excerpts).toEqual(['{"other":"<redacted>"}']);
  });

  it("are neither read nor stored where all is asked for", async () => {
    const { read, stored } = await runWith("all", documents);
    expect(read).toEqual(["mysql -p<redacted>"]);
    expect(stored).toMatchObject([{ text: "mysql -p<redacted>", parent: "sh -c <redacted>" }]);
  });

  it("stay where redaction is off", async () => {
    const { stored, excerpts } = await runWith("off", documents);
    expect(stored).toMatchObject([{ text: "mysql -phunter2" }]);
    expect(excerpts).toEqual(['{"other":"hunter2"}']);
  });

  it("change neither the id nor the session of an event", async () => {
    const idOf = ({ id, sessionKey }: Event) => [id, sessionKey];
    const [hidden, open] = [await runWith("all", documents), await runWith("off", documents)];
    expect(hidden.stored.map(idOf)).toEqual(open.stored.map(idOf));
  });

  it("are hidden in facts too, and an event without any is left as it is", () => {
    const { store } = createRedaction("stored", hide);
    const event = {
      id: "1",
      platform: "linux",
      text: "ls",
      sessionKey: "k",
      sessionKeyFrom: "k",
      mapping: "m@1",
      facts: { code: "200", reason: "ok" },
      origin: { source: "s", container: "c", document: "d", sequence: 1 },
    } as const;
    expect(store(event)).toBe(event);
    expect(store({ ...event, facts: { ...event.facts, reason: "no hunter2" } }).facts).toEqual({
      code: "200",
      reason: "no <redacted>",
    });
  });

  it("costs no dead letter when a record is nested too deep to be written", async () => {
    const deep: Document = JSON.parse(`{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`);
    const { excerpts } = await runWith("stored", [deep]);
    expect(excerpts).toEqual(['"(nested too deep to show)"']);
  });
});
