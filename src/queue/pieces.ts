import type { TagsmithError } from "../event/tagsmith-error.ts";
import type { Reply } from "./reply.ts";

/** A job that we wait for. */
export interface Piece {
  readonly job: string;
  readonly texts: readonly string[];
  readonly digests: readonly string[];
  /** Monotonic milliseconds at which it was put into the queue. */
  sentMs: number;
  /** Rows of `texts` in the batch it came from. */
  readonly from: number;
  readonly batch: Batch;
}

/** Texts that were sent as one job; the job may have been split since. */
interface Batch {
  readonly values: (string | undefined)[];
  missing: number;
  readonly resolve: (values: readonly string[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Jobs that are waited for, by id. */
export interface Pieces {
  /** Starts to wait for a batch under `job`. The promise gives a value a text. */
  wait(job: string, texts: readonly string[], digests: readonly string[]): Promise<readonly string[]>;
  /** Nobody waits for the batch of `job` any more. */
  forget(job: string, reason: unknown): void;
  /** Takes a reply in; the piece it answers, or undefined when nobody waits for it. */
  take(reply: Reply): Piece | undefined;
  /** Those sent before `beforeMs`. */
  olderThan(beforeMs: number): readonly Piece[];
  /** Under another id: it was sent again. */
  resend(piece: Piece, job: string): void;
  readonly size: number;
  /** All that is waited for fails. */
  failAll(error: unknown): void;
}

/** Creates the list; `now` is monotonic milliseconds. */
export function createPieces(now: () => number, errorOf: (code: string, reason: string) => TagsmithError): Pieces {
  const pieces = new Map<string, Piece>();
  const drop = (batch: Batch): void => {
    for (const [job, piece] of pieces) if (piece.batch === batch) pieces.delete(job);
  };
  const fill = (piece: Piece, values: readonly string[]): void => {
    const { batch, from } = piece;
    for (const [place, value] of values.entries()) {
      if (place >= piece.texts.length || batch.values[from + place] !== undefined) continue;
      batch.values[from + place] = value;
      batch.missing -= 1;
    }
    if (batch.missing > 0) return;
    batch.resolve(batch.values.map((value) => value ?? ""));
  };
  return {
    get size() {
      return pieces.size;
    },
    wait(job, texts, digests) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
      const batch = { values: new Array<undefined>(texts.length), missing: texts.length, resolve, reject };
      pieces.set(job, { job, texts, digests, sentMs: now(), from: 0, batch });
      return promise;
    },
    forget(job, reason) {
      const piece = pieces.get(job);
      if (piece === undefined) return;
      drop(piece.batch);
      piece.batch.reject(reason);
    },
    take(reply) {
      const piece = pieces.get(reply.job);
      if (piece === undefined) return undefined;
      switch (reply.kind) {
        case "done":
          if (reply.values.length !== piece.texts.length) return undefined;
          pieces.delete(reply.job);
          fill(piece, reply.values);
          break;
        case "split":
          pieces.delete(reply.job);
          for (const { job, from, count } of reply.parts) {
            const [texts, digests] = [piece.texts.slice(from, from + count), piece.digests.slice(from, from + count)];
            pieces.set(job, { job, texts, digests, sentMs: now(), from: piece.from + from, batch: piece.batch });
          }
          break;
        case "failed":
          drop(piece.batch);
          piece.batch.reject(errorOf(reply.code, reply.reason));
          break;
      }
      return piece;
    },
    olderThan: (beforeMs) => [...pieces.values()].filter(({ sentMs }) => sentMs < beforeMs),
    resend(piece, job) {
      pieces.delete(piece.job);
      pieces.set(job, { ...piece, job, sentMs: now() });
    },
    failAll(error) {
      for (const { batch } of pieces.values()) batch.reject(error);
      pieces.clear();
    },
  };
}
