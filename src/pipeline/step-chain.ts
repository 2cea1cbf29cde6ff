import { setImmediate as nextTurn } from "node:timers/promises";
import { noDetection } from "../detect/detect-stage.ts";
import type { Output } from "../sdk/sink.ts";
import type { PipelineParts } from "./pipeline-parts.ts";
import { retry } from "./retry.ts";
import type { NormalizedBatch } from "./stage-types.ts";

/** Steps that are written one after the other; each is stored, in the same order, while the next is being written. */
export interface StepChain {
  /**
   * Takes what sessions and detection have changed since the last step as part of this one, and begins to write it once the
   * step before is written. Throws what an earlier step failed with; then none is taken any more.
   */
  put(batch: NormalizedBatch, output: Output): Promise<void>;
  /** There has never been anything to put. */
  idle(): Promise<void>;
  /** Waits until all steps are written and stored; throws what one failed with. */
  drain(): Promise<void>;
  /** Waits for what is under way, whatever becomes of it. */
  rest(): Promise<void>;
}

export interface StepChainSettings {
  /** Ends the trying. */
  readonly signal: AbortSignal;
  /** Called at the first failure. */
  readonly onFailure: () => void;
}

type StepParts = Pick<
  PipelineParts,
  "source" | "sessions" | "detection" | "sink" | "state" | "random" | "onWait" | "onStep"
>;

/**
 * While the sink waits for its server we store what it wrote before, and make what it writes next. After a kill up to two
 * steps are in the sink and not stored: it takes both back, or recognises both (see `Sink.open`).
 */
export function createStepChain(parts: StepParts, { signal, onFailure }: StepChainSettings): StepChain {
  const { source, sessions, detection = noDetection, sink, state } = parts;
  const waits = { minWaitMs: 200, maxWaitMs: 30_000, random: parts.random, onWait: parts.onWait };
  let written: Promise<unknown> = Promise.resolve();
  let stored: Promise<void> = Promise.resolve();
  let failure: { readonly cause: unknown } | undefined;
  const fail = (cause: unknown): void => {
    failure ??= { cause };
    onFailure();
  };
  const check = (): void => {
    if (failure !== undefined) throw failure.cause;
  };
  return {
    async put(batch, output) {
      const reached = { source: source.name, cursor: batch.batch.cursor, normalizerState: batch.normalizerState };
      const changes = { ...sessions.changes(), ...detection.changes() };
      sink.prepare?.(output);
      await written.catch(() => undefined);
      check();
      const writing = retry(() => sink.write(output, signal), waits, signal);
      const before = stored;
      const store = async (): Promise<void> => {
        const sinkPosition = await writing;
        await before;
        // The first request of the next step goes out before storing keeps this thread busy.
        await nextTurn();
        await retry(() => state.commit({ ...reached, sinkPosition, ...changes }), waits, signal);
        parts.onStep?.(batch, output);
        await batch.batch.settle?.({ kind: "accepted" });
      };
      written = writing;
      stored = store();
      stored.catch(fail);
    },
    idle: () => retry(() => sessions.rest?.(), waits, signal),
    async drain() {
      await stored.catch(fail);
      check();
    },
    async rest() {
      await Promise.allSettled([written, stored]);
    },
  };
}
