import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Document } from "../../src/sdk/document.ts";
import { type Batch, type Source, TagsmithError } from "../../src/sdk/index.ts";

/** Documents put where a source finds them. */
export interface SourceScene {
  /** A new source on the same input; a restart makes another one. */
  open(): Source;
  dispose(): Promise<void>;
}

export interface SourceCheck {
  /** Puts the documents in place. Small batches (about 10 documents) make the check worth more. */
  create(documents: readonly Document[]): Promise<SourceScene>;
  /** Distinct documents, at least 100. */
  readonly documents: readonly Document[];
  /** The source goes on waiting for more after the last document, until it is aborted. */
  readonly isLive?: boolean;
  /** How long a whole read may take, and how long a stop may take. */
  readonly deadlineMs?: number;
}

type Decision = "accept" | "retry" | "reject";

/** What a run of the source brought. */
interface Seen {
  readonly accepted: string[];
  readonly rejected: string[];
  /** Cursor of the last batch that was settled. */
  cursor: string | undefined;
}

const decideAll = (decision: Decision) => (): Decision => decision;

/** Holds a source to the contract of `Source`. */
export function checkSource({ create, documents, isLive = false, deadlineMs = 20_000 }: SourceCheck): void {
  const expected = documents.map(keyOf).sort();

  const withScene = async (use: (scene: SourceScene) => Promise<void>): Promise<void> => {
    const scene = await create(documents);
    try {
      await use(scene);
    } finally {
      await scene.dispose();
    }
  };

  /** Reads until all documents were seen, the input ends, or `maxBatches` are settled; then stops the source. */
  const drive = async (
    scene: SourceScene,
    seen: Seen,
    decide: () => Decision,
    maxBatches = Infinity,
  ): Promise<void> => {
    const source = scene.open();
    const stop = new AbortController();
    const work = consume(source.read(seen.cursor, stop.signal), seen, decide, maxBatches, () => stop.abort());
    await withDeadline(work, deadlineMs, "the read did not end");
    await withDeadline(source.close(), deadlineMs, "close did not return");
  };

  const consume = async (
    batches: AsyncIterable<Batch>,
    seen: Seen,
    decide: () => Decision,
    maxBatches: number,
    stop: () => void,
  ): Promise<void> => {
    let settled = 0;
    for await (const batch of batches) {
      if (settled >= maxBatches) continue;
      await settle(batch, seen, decide);
      settled += 1;
      const total = new Set([...seen.accepted, ...seen.rejected]).size;
      if (settled >= maxBatches || (isLive && total >= documents.length)) stop();
    }
  };

  describe("keeps the source contract", () => {
    it("hands over every document once when all is accepted", async () => {
      await withScene(async (scene) => {
        const seen = nothingSeen();
        await drive(scene, seen, decideAll("accept"));
        expect(seen.accepted.sort()).toEqual(expected);
      });
    });

    it("loses and repeats nothing when each batch is refused for a while", async () => {
      await withScene(async (scene) => {
        const seen = nothingSeen();
        let calls = 0;
        await drive(scene, seen, () => (++calls % 3 === 0 ? "accept" : "retry"));
        expect(seen.accepted.sort()).toEqual(expected);
      });
    });

    it("goes on after batches that are refused for good", async () => {
      await withScene(async (scene) => {
        const seen = nothingSeen();
        let calls = 0;
        await drive(scene, seen, () => (++calls % 2 === 0 ? "reject" : "accept"));
        expect(seen.rejected.length).toBeGreaterThan(0);
        expect([...seen.accepted, ...seen.rejected].sort()).toEqual(expected);
      });
    });

    for (const seed of [1, 2, 3]) {
      it(`accounts for every document in a random mix (seed ${seed})`, async () => {
        await withScene(async (scene) => {
          const seen = nothingSeen();
          const random = createRandom(seed);
          await drive(scene, seen, () => pick(random()));
          expect([...seen.accepted, ...seen.rejected].sort()).toEqual(expected);
        });
      });
    }

    it("goes on exactly where it stopped when it is stopped after each few batches", async () => {
      await withScene(async (scene) => {
        const seen = nothingSeen();
        const random = createRandom(4);
        for (let run = 0; run < documents.length && seen.accepted.length < documents.length; run += 1) {
          await drive(scene, seen, decideAll("accept"), 1 + Math.floor(random() * 3));
        }
        if (!isLive) await drive(scene, seen, decideAll("accept"));
        expect(seen.accepted.sort()).toEqual(expected);
      });
    });

    it("repeats what was not settled before a crash, and skips nothing", async () => {
      await withScene(async (scene) => {
        const seen = nothingSeen();
        await drive(scene, seen, decideAll("accept"), 2);
        const lost = { ...nothingSeen(), cursor: seen.cursor };
        await drive(scene, lost, decideAll("accept"), 2);
        await drive(scene, seen, decideAll("accept"));
        expect(seen.accepted.sort()).toEqual(expected);
        expect(seen.accepted).toEqual(expect.arrayContaining(lost.accepted));
      });
    });

    it("returns normally when it is aborted, and may be closed twice", async () => {
      await withScene(async (scene) => {
        const source = scene.open();
        const stop = new AbortController();
        const work = consume(source.read(undefined, stop.signal), nothingSeen(), decideAll("accept"), 1, () => {});
        await sleep(20);
        stop.abort();
        await withDeadline(work, deadlineMs, "the read did not return after the abort");
        await withDeadline(Promise.all([source.close(), source.close()]), deadlineMs, "close did not return");
        await withDeadline(source.close(), deadlineMs, "the second close did not return");
      });
    });

    it("yields nothing when it is aborted before it is read", async () => {
      await withScene(async (scene) => {
        const source = scene.open();
        const seen = nothingSeen();
        const read = source.read(undefined, AbortSignal.abort());
        await withDeadline(
          consume(read, seen, decideAll("accept"), Infinity, () => {}),
          deadlineMs,
          "it did not return",
        );
        expect(seen.accepted).toEqual([]);
        await source.close();
      });
    });

    it("may be closed before it is read", async () => {
      await withScene(async (scene) => {
        const source = scene.open();
        await withDeadline(source.close(), deadlineMs, "close did not return");
        await source.close();
      });
    });
  });
}

/** Settles as the runtime does: a pull source's batch is offered again in place, a push source's sender is answered. */
async function settle(batch: Batch, seen: Seen, decide: () => Decision): Promise<void> {
  let decision = decide();
  while (decision === "retry" && batch.settle === undefined) decision = decide();
  if (decision === "accept") await batch.settle?.({ kind: "accepted" });
  else {
    const cause = new TagsmithError("test_refused", "refused by the test", decision === "retry" ? "retry" : "reject");
    await batch.settle?.({ kind: "refused", cause });
  }
  if (decision === "retry") return;
  const keys = batch.records.map((record) => (record.kind === "document" ? keyOf(record.document) : record.code));
  (decision === "accept" ? seen.accepted : seen.rejected).push(...keys);
  expectRising(batch);
  seen.cursor = batch.cursor;
}

/** Sequences rise and ids differ within a container. */
function expectRising(batch: Batch): void {
  const last = new Map<string, number>();
  for (const { container, sequence } of batch.records) {
    expect(sequence).toBeGreaterThan(last.get(container) ?? -1);
    last.set(container, sequence);
  }
  expect(new Set(batch.records.map(({ container, id }) => `${container}\n${id}`)).size).toBe(batch.records.length);
}

function nothingSeen(): Seen {
  return { accepted: [], rejected: [], cursor: undefined };
}

function keyOf(document: Document): string {
  return JSON.stringify(document);
}

function pick(value: number): Decision {
  if (value < 0.5) return "accept";
  return value < 0.8 ? "retry" : "reject";
}

async function withDeadline<T>(work: Promise<T>, deadlineMs: number, message: string): Promise<T> {
  const timer = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${message} within ${deadlineMs} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}

/** 0 to 1, the same row for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
