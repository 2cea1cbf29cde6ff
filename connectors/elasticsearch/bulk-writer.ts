import { setTimeout as sleep } from "node:timers/promises";
import type { Signals } from "#sdk";
import { type ItemOutcome, readBulkAnswer } from "./bulk-answer.ts";
import { type BatchBounds, type BatchSize, createBatchSize } from "./bulk-batch.ts";
import { type BulkItem, type BulkResult, stampedSource } from "./bulk-item.ts";
import { SearchError } from "./search-error.ts";
import type { SearchHttp } from "./search-http.ts";

/** How bulk requests are sent. */
export interface BulkSettings extends BatchBounds {
  /** Requests at a time. */
  readonly maxRequests: number;
  /** Tries a document before the error is thrown; the pipeline then tries again, and says so. */
  readonly maxTries: number;
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
  readonly refresh: "false" | "wait_for" | "true";
  /** The time for `event.ingested`, milliseconds; absent where the server's pipeline sets it. */
  readonly stampMs?: (() => number) | undefined;
  /** 0 to 1. */
  readonly random: () => number;
  readonly signals?: Signals | undefined;
}

/** Writes documents. */
export interface BulkWriter {
  /**
   * Returns what became of each item, in order, when all are durable. Documents that the server cannot take now are sent
   * again, alone, with growing waits; throws SearchError when they still cannot be written (`retry`), or never will
   * (`exit`: not allowed, no such index). `onUnsure` is called before documents are sent again whose first sending may
   * have been carried out although no answer came.
   */
  write(items: readonly BulkItem[], onUnsure: Unsure, signal: AbortSignal): Promise<readonly BulkResult[]>;
}

/** Gives those of the items that are there already; they are not sent again. */
type Unsure = (items: readonly BulkItem[], signal: AbortSignal) => Promise<ReadonlySet<BulkItem>>;

interface Pending {
  readonly item: BulkItem;
  readonly place: number;
  isUnsure: boolean;
}

/** A bulk writer on one server; its batches get smaller when the server is short, and larger again. */
export function createBulkWriter(http: SearchHttp, settings: BulkSettings): BulkWriter {
  const context: Context = { http, settings, size: createBatchSize(settings) };
  return {
    async write(items, onUnsure, signal) {
      const results: BulkResult[] = [];
      let pending: readonly Pending[] = items.map((item, place) => ({ item, place, isUnsure: false }));
      for (let tries = 0; pending.length > 0; ) {
        signal.throwIfAborted();
        const failures = await sendAll(context, pending, results, signal);
        const hopeless = failures.errors.find(({ remedy }) => remedy === "exit");
        if (hopeless !== undefined) throw hopeless;
        const error = failures.errors.find(({ code }) => code !== tooLarge);
        if (error !== undefined) {
          tries = failures.pending.length < pending.length ? 1 : tries + 1;
          if (tries >= settings.maxTries) throw error;
          await wait(tries, error, settings, signal);
        }
        pending = await withoutKnown(failures.pending, results, onUnsure, signal);
      }
      return results;
    },
  };
}

const tooLarge = "siem_request_too_large";

interface Context {
  readonly http: SearchHttp;
  readonly settings: BulkSettings;
  readonly size: BatchSize;
}

interface Failures {
  readonly pending: readonly Pending[];
  readonly errors: readonly SearchError[];
}

/** Sends everything once, some requests at a time; after a failure no further request is begun. */
async function sendAll(
  context: Context,
  pending: readonly Pending[],
  results: BulkResult[],
  signal: AbortSignal,
): Promise<Failures> {
  const { maxRequests, maxDocuments } = context.settings;
  const failed: Pending[] = [];
  const errors: SearchError[] = [];
  let from = 0;
  const lane = async (): Promise<void> => {
    while (from < pending.length && errors.length === 0) {
      const batch = context.size.take(pending.slice(from, from + maxDocuments));
      from += batch.length;
      const failures = await sendBatch(context, batch, results, signal);
      failed.push(...failures.pending);
      errors.push(...failures.errors);
    }
  };
  await Promise.all(Array.from({ length: maxRequests }, lane));
  return { pending: [...failed, ...pending.slice(from)], errors };
}

async function sendBatch(
  { http, size, settings }: Context,
  batch: readonly Pending[],
  results: BulkResult[],
  signal: AbortSignal,
): Promise<Failures> {
  const failed: Pending[] = [];
  const errors: SearchError[] = [];
  try {
    for (const [index, outcome] of (await request(http, batch, settings, signal)).entries()) {
      const entry = batch[index];
      if (entry === undefined) continue;
      if (outcome.kind !== "failed") results[entry.place] = outcome;
      else {
        failed.push(entry);
        errors.push(outcome.error);
        settings.signals?.count("sink_errors", outcome.error.code);
      }
    }
  } catch (error) {
    if (!(error instanceof SearchError)) throw error;
    settings.signals?.count("sink_errors", error.code);
    const [only] = batch;
    if (error.code === tooLarge && only !== undefined && batch.length === 1) {
      results[only.place] = { kind: "refused", code: error.code, reason: error.message };
    } else {
      if (isAmbiguous(error)) for (const entry of batch) entry.isUnsure = true;
      failed.push(...batch);
      errors.push(error);
    }
  }
  if (errors.length === 0) size.grow();
  else if (errors.some(asksForLess)) size.shrink();
  return { pending: failed, errors };
}

async function request(
  http: SearchHttp,
  batch: readonly Pending[],
  { refresh, stampMs }: BulkSettings,
  signal: AbortSignal,
): Promise<readonly ItemOutcome[]> {
  const stamp = stampMs === undefined ? undefined : new Date(stampMs()).toISOString();
  const sourceOf = (item: BulkItem): string => (stamp === undefined ? item.source : stampedSource(item, stamp));
  const ndjson = batch.map(({ item }) => `${item.action}\n${sourceOf(item)}\n`).join("");
  const query = {
    filter_path: "items.*.status,items.*._index,items.*.error",
    refresh,
    ...(stamp !== undefined && { pipeline: "_none" }),
  };
  const { body } = await http.request({ method: "POST", path: "/_bulk", query, ndjson }, signal);
  return readBulkAnswer("POST /_bulk", body, batch.length);
}

/** No answer, or one of a proxy: the documents may be written, or be about to be. */
function isAmbiguous(error: SearchError): boolean {
  return error.remedy === "retry" && error.refusal.status !== 429;
}

function asksForLess({ code }: SearchError): boolean {
  return ["siem_rate_limited", "siem_circuit_breaker", "siem_timeout", tooLarge].includes(code);
}

async function wait(tries: number, error: SearchError, settings: BulkSettings, signal: AbortSignal): Promise<void> {
  const longestMs = Math.min(settings.maxWaitMs, settings.minWaitMs * 2 ** Math.min(tries - 1, 20));
  const waitMs = Math.max(error.refusal.retryAfterMs ?? 0, longestMs * (0.5 + settings.random() / 2));
  await sleep(Math.min(waitMs, settings.maxWaitMs), undefined, { signal });
}

async function withoutKnown(
  pending: readonly Pending[],
  results: BulkResult[],
  onUnsure: Unsure,
  signal: AbortSignal,
): Promise<readonly Pending[]> {
  const unsure = pending.filter(({ isUnsure }) => isUnsure);
  if (unsure.length === 0) return pending;
  const known = await onUnsure(
    unsure.map(({ item }) => item),
    signal,
  );
  for (const { item, place } of unsure) if (known.has(item)) results[place] = { kind: "known" };
  return pending.filter(({ item }) => !known.has(item));
}
