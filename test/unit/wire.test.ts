import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../src/event/verdict.ts";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { parseMapping } from "../../src/normalize/load-mappings.ts";
import type { SessionStage } from "../../src/pipeline/session-stage.ts";
import { type PipelineParts, runPipeline } from "../../src/pipeline/wire.ts";
import type { Batch, Source } from "../../src/sdk/source.ts";
import { openState } from "../../src/state/open-state.ts";
import { createCounts } from "../../src/telemetry/signals.ts";

const mapping = parseMapping(
  "name: rows\nversion: 1\ntitle: Rows\nprecedence: 1\nrecognise: { all: [{ field: cmd, exists: true }] }\ntext: [cmd]\n",
  "rows.yaml",
);

function batch(line: number): Batch {
  const record = { kind: "document", document: { cmd: "id" }, container: "a", id: `line:${line}`, sequence: line };
  return { records: [{ ...record, kind: "document" }], cursor: String(line) };
}

/** A source that gives these batches and then waits for more until it is told to stop. */
function liveSource(batches: readonly Batch[]): Source {
  return {
    name: "live",
    async *read(_, signal) {
      yield* batches;
      await sleep(60_000, undefined, { signal, ref: false }).catch(() => undefined);
    },
    close: async () => undefined,
  };
}

const noSessions: SessionStage = {
  add: () => [],
  closeIdle: () => [],
  closeAll: () => [],
  changes: () => ({}),
  restore: () => undefined,
};

function partsWith(changed: Partial<PipelineParts>): PipelineParts {
  return {
    source: liveSource([batch(1)]),
    normalizer: createNormalizer({ mappings: [mapping], readers: builtInReaders, source: "live" }),
    labeller: { label: async (texts) => texts.map(() => ({ labels: [], tags: [] })) },
    sessions: noSessions,
    sink: { name: "none", open: async () => undefined, write: async () => "0", close: async () => undefined },
    state: openState(":memory:"),
    counts: createCounts(),
    maxBatchesInFlight: 4,
    stopWithinMs: 1_000,
    now: () => 0,
    random: () => 0,
    ...changed,
  };
}

const never = new AbortController().signal;

describe("the pipeline on a live source that has gone quiet", () => {
  it("ends at once when the sink fails", { timeout: 25_000 }, async () => {
    const sink: PipelineParts["sink"] = {
      ...partsWith({}).sink,
      write: async () => {
        throw new Error("the sink broke");
      },
    };
    await expect(runPipeline(partsWith({ sink }), never)).rejects.toThrow("the sink broke");
  });

  it("ends at once when a write between batches fails", { timeout: 25_000 }, async () => {
    const sessions = {
      ...noSessions,
      closeIdle: () => {
        throw new Error("the tick broke");
      },
    };
    await expect(runPipeline(partsWith({ sessions, tickMs: 20 }), never)).rejects.toThrow("the tick broke");
  });

  it("ends at once when labelling fails", { timeout: 25_000 }, async () => {
    const labeller = {
      label: async () => {
        throw new Error("the encoder broke");
      },
    };
    await expect(runPipeline(partsWith({ labeller }), never)).rejects.toThrow("the encoder broke");
  });

  it("is not taken for quiet while something waits for its labels", { timeout: 25_000 }, async () => {
    const did: string[] = [];
    const stop = new AbortController();
    const labeller: PipelineParts["labeller"] = {
      label: async (texts) => {
        await sleep(150);
        did.push("labelled");
        return texts.map(() => ({ labels: [], tags: [] }));
      },
    };
    const sessions = {
      ...noSessions,
      closeIdle: () => {
        did.push("quiet");
        stop.abort();
        return [];
      },
    };
    await runPipeline(partsWith({ labeller, sessions, tickMs: 20 }), stop.signal);
    expect(did).toEqual(["labelled", "quiet"]);
  });

  it("closes idle sessions of an earlier run before the first new batch", { timeout: 25_000 }, async () => {
    const state = openState(":memory:");
    const normalizerState = partsWith({}).normalizer.state();
    state.commit({ source: "live", cursor: "7", sinkPosition: "0", normalizerState });
    const written: (readonly Verdict[])[] = [];
    const stop = new AbortController();
    const sink: PipelineParts["sink"] = {
      ...partsWith({}).sink,
      write: async ({ verdicts }) => {
        written.push(verdicts);
        stop.abort();
        return "1";
      },
    };
    await runPipeline(partsWith({ state, sink, source: liveSource([]), tickMs: 20 }), stop.signal);
    expect(written).toEqual([[]]);
    expect(state.load("live")).toMatchObject({ cursor: "7", sinkPosition: "1" });
  });
});

describe("the steps of a run", () => {
  const four = [batch(1), batch(2), batch(3), batch(4)];
  const ending = (): Source => ({
    ...liveSource([]),
    read: async function* () {
      yield* four;
    },
  });
  const cursorOf = (state: PipelineParts["state"]): number => Number(state.load("live").cursor ?? 0);

  it("are written one after the other, each stored while the next is written, the last before the end", async () => {
    const state = openState(":memory:");
    let writing = 0;
    let written = 0;
    const stored: number[] = [];
    const prepared: number[] = [];
    const sink: PipelineParts["sink"] = {
      ...partsWith({}).sink,
      prepare: ({ labels }) => {
        if (labels.length > 0) prepared.push(written);
      },
      write: async ({ labels }) => {
        expect(writing).toBe(0);
        writing += 1;
        await sleep(20);
        writing -= 1;
        if (labels.length > 0) stored.push(cursorOf(state));
        if (labels.length > 0) written += 1;
        return "1";
      },
    };
    await runPipeline(partsWith({ state, sink, source: ending() }), never);
    expect(stored).toEqual([0, 1, 2, 3]);
    expect(prepared).toEqual([0, 0, 1, 2]);
    expect(cursorOf(state)).toBe(4);
  });

  it("end with the first that cannot be stored; the one that is being written is waited for and not stored", async () => {
    const whole = openState(":memory:");
    const events: string[] = [];
    const state: PipelineParts["state"] = {
      ...whole,
      commit: (step) => {
        if (step.cursor === "2") throw new Error("the disk broke");
        whole.commit(step);
      },
    };
    const sink: PipelineParts["sink"] = {
      ...partsWith({}).sink,
      write: async ({ labels: [labelled] }) => {
        const id = labelled?.event.id ?? "nothing";
        events.push(`begins ${id}`);
        await sleep(20);
        events.push(`ends ${id}`);
        return "1";
      },
    };
    await expect(runPipeline(partsWith({ state, sink, source: ending() }), never)).rejects.toThrow("the disk broke");
    expect(events.at(-1)).toMatch(/^ends /);
    expect(events.filter((event) => event.startsWith("begins")).length).toBe(4);
    expect(cursorOf(whole)).toBe(1);
  });

  it("that were made before labelling broke are written and stored", async () => {
    const state = openState(":memory:");
    let calls = 0;
    const labeller: PipelineParts["labeller"] = {
      label: async (texts) => {
        calls += 1;
        if (calls === 3) throw new Error("the encoder broke");
        return texts.map(() => ({ labels: [], tags: [] }));
      },
    };
    const sink: PipelineParts["sink"] = {
      ...partsWith({}).sink,
      write: async () => {
        await sleep(20);
        return "1";
      },
    };
    const run = runPipeline(partsWith({ state, sink, labeller, source: ending() }), never);
    await expect(run).rejects.toThrow("the encoder broke");
    expect(cursorOf(state)).toBe(2);
  });
});

describe("an event whose end never comes", () => {
  const stages = parseMapping(
    `name: stages
version: 1
title: Stages
precedence: 1
recognise: { all: [{ field: cmd, exists: true }] }
text: [cmd]
time: [{ field: at, format: rfc3339 }]
collapse: { key: [n], field: stage, order: [begun, done], final: [done], wait_secs: 10, code: repeated, reason: Seen. }
`,
    "stages.yaml",
  );

  it("is labelled and written while its live source waits for more", { timeout: 25_000 }, async () => {
    const document = { cmd: "id", n: "1", stage: "begun", at: "2026-01-02T03:04:05Z" };
    const record = { kind: "document" as const, document, container: "a", id: "line:1", sequence: 1 };
    const state = openState(":memory:");
    const stop = new AbortController();
    const texts: string[] = [];
    const sink: PipelineParts["sink"] = {
      ...partsWith({}).sink,
      write: async ({ labels }) => {
        texts.push(...labels.map(({ event }) => event.text));
        if (labels.length > 0) stop.abort();
        return "1";
      },
    };
    let nowMs = 0;
    const normalizer = createNormalizer({ mappings: [stages], readers: builtInReaders, source: "live" });
    const source = liveSource([{ records: [record], cursor: "1" }]);
    const now = (): number => (nowMs += 10_000);
    await runPipeline(partsWith({ state, sink, source, normalizer, tickMs: 5, now }), stop.signal);
    expect(texts).toEqual(["id"]);
    const stored = state.load("live");
    expect(stored.cursor).toBe("1");
    expect(stored.normalizerState).not.toContain('"id"');
  });
});

describe("a stop whose deadline passes", () => {
  it("rejects with the reason of the stop and stores nothing of what was not written", {
    timeout: 25_000,
  }, async () => {
    const state = openState(":memory:");
    const stop = new AbortController();
    const sink: PipelineParts["sink"] = {
      ...partsWith({}).sink,
      write: async (_, signal) => {
        stop.abort(new Error("stopped"));
        await sleep(60_000, undefined, { signal, ref: false }).catch(() => undefined);
        signal.throwIfAborted();
        return "1";
      },
    };
    await expect(runPipeline(partsWith({ state, sink, stopWithinMs: 20 }), stop.signal)).rejects.toThrow("stopped");
    expect(state.load("live")).toEqual({});
  });
});
