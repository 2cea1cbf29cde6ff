import { type DeadLetter, type Fence, type Output, type SinkContext, TagsmithError } from "#sdk";
import type { BulkItem, BulkResult } from "./bulk-item.ts";
import { type BulkSettings, createBulkWriter } from "./bulk-writer.ts";
import type { SearchHttp } from "./search-http.ts";
import { createEnricher } from "./sink-enrich.ts";
import { compileItems, deadLetterItem, refusalLetter, unwritableLetter } from "./sink-items.ts";
import type { SinkPosition } from "./sink-position.ts";
import { createReplayGuard, type ReplayGuard } from "./sink-replay.ts";
import { newestIndex, type StreamNames, type Written } from "./sink-streams.ts";

/** What a writer needs to know. */
export interface SinkWriterSettings {
  readonly names: StreamNames;
  readonly isThorough: boolean;
  readonly bulk: BulkSettings;
  readonly context: SinkContext;
  readonly now: () => number;
  /** The source whose events are changed themselves, too. */
  readonly enriches?: string | undefined;
}

/** Writes outputs through one connection. */
export interface SinkWriter {
  /** Does what can be done for `output` while another one is being written. */
  prepare(output: Output): void;
  /** Returns the position when all of the output is durable. */
  write(output: Output, signal: AbortSignal): Promise<SinkPosition>;
}

/** So many documents after a start may be repetitions: more than any batch holds. */
const maxReplayed = 200_000;
/** How often an owner may write verdicts until it must become a new one. */
const versionsPerToken = 1_000_000;
/** When the server refuses so many documents and takes none, it is not the documents. */
const tooManyRefused = 20;

/** A writer that goes on from `start`. `write` throws `sink_documents_refused` (retry) and what the client throws. */
export function createSinkWriter(http: SearchHttp, start: SinkPosition, settings: SinkWriterSettings): SinkWriter {
  const { names, isThorough, context, now } = settings;
  const items = compileItems(names, context);
  const bulk = createBulkWriter(http, settings.bulk);
  const guards = createGuards(http, start, { names, isThorough });
  const { labels, alerts, deadletters, findKnown } = guards;
  const enricher = settings.enriches === undefined ? undefined : createEnricher(http, bulk, settings.enriches, context);
  let { version } = start;

  const writeItems = async (items: readonly BulkItem[], signal: AbortSignal): Promise<readonly Written[]> => {
    try {
      const known = await findKnown(items, signal);
      const fresh = items.filter((item) => !known.has(item));
      const onUnsure = (some: readonly BulkItem[], within: AbortSignal): Promise<ReadonlySet<BulkItem>> => {
        for (const guard of guards.all) guard.markUnsure();
        return findKnown(some, within);
      };
      const results = await bulk.write(fresh, onUnsure, signal);
      const written = fresh.map((item, at) => withResult(item, results[at]));
      countWritten(context, written, known.size);
      return written;
    } catch (error) {
      for (const guard of guards.all) guard.markUnsure();
      throw error;
    }
  };

  /** Writes some items; what the server refuses for good becomes dead letters. */
  const settle = async (items: readonly BulkItem[], signal: AbortSignal): Promise<void> => {
    const written = await writeItems(items, signal);
    const letters = refusals(written).map(({ item, result }) => refusalLetter(item, result));
    await bury(letters, signal);
    for (const guard of guards.all) guard.note(newestIndex(written, guard.stream));
  };
  const bury = async (letters: readonly DeadLetter[], signal: AbortSignal): Promise<void> => {
    const buried = await writeItems(
      letters.map((letter) => deadLetterItem(letter, names, now())),
      signal,
    );
    const [lost] = refusals(buried);
    if (lost !== undefined) throw refusedError(lost.result.reason);
    deadletters.note(newestIndex(buried, deadletters.stream));
  };

  return {
    prepare: (output) => items.prepare(output, now()),
    async write(output, signal) {
      if (output.verdicts.length > 0) version = nextVersion(version, now(), context.fence);
      for (const some of items.make(output, version, now())) await settle(some, signal);
      const closed = (await enricher?.enrich(output.labels, signal)) ?? [];
      await bury(closed.map(unwritableLetter), signal);
      for (const guard of guards.all) guard.confirm();
      return {
        ...(labels.newest !== undefined && { labels: labels.newest }),
        ...(alerts.newest !== undefined && { alerts: alerts.newest }),
        ...(deadletters.newest !== undefined && { deadletters: deadletters.newest }),
        version,
      };
    },
  };
}

/** What is there already, stream by stream. */
function createGuards(
  http: SearchHttp,
  start: SinkPosition,
  { names, isThorough }: Pick<SinkWriterSettings, "names" | "isThorough">,
) {
  const guardOf = (stream: string, confirmed: string | undefined): ReplayGuard =>
    createReplayGuard(http, { stream, confirmed, isThorough, maxReplayed });
  const labels = guardOf(names.labels, start.labels);
  const alerts = guardOf(names.alerts, start.alerts);
  const deadletters = guardOf(names.deadletters, start.deadletters);
  const all = [labels, alerts, deadletters];
  const findKnown = async (items: readonly BulkItem[], signal: AbortSignal): Promise<ReadonlySet<BulkItem>> => {
    const known = new Set<BulkItem>();
    for (const guard of all) {
      const own = items.filter(({ index }) => index === guard.stream);
      if (own.length > 0) for (const item of await guard.findKnown(own, signal)) known.add(item);
    }
    return known;
  };
  return { labels, alerts, deadletters, all, findKnown };
}

/** Microseconds of the clock, or of the owner's token: an earlier owner's verdict never has the higher version. */
function nextVersion(last: number, nowMs: number, fence: Fence | undefined): number {
  if (fence === undefined) return Math.max(last + 1, Math.floor(nowMs * 1_000));
  const first = fence.token * versionsPerToken;
  const next = Math.max(last + 1, first);
  if (next < first + versionsPerToken) return next;
  throw new TagsmithError("sink_versions_used_up", `${fence.scope}: this owner has no versions left.`, "reconnect");
}

function withResult(item: BulkItem, result: BulkResult | undefined): Written {
  if (result === undefined) throw new Error(`nothing is known of the writing of ${item.id}`);
  return { item, result };
}

function refusals(written: readonly Written[]) {
  const refused = written.flatMap(({ item, result }) => (result.kind === "refused" ? [{ item, result }] : []));
  const [first] = refused;
  if (first !== undefined && refused.length >= tooManyRefused && refused.length === written.length) {
    throw refusedError(first.result.reason);
  }
  return refused;
}

function refusedError(reason: string): TagsmithError {
  const advice = "Look at the mapping of the index and at tagsmith@custom; `tagsmith install` puts ours back.";
  return new TagsmithError("sink_documents_refused", `the server refuses our documents: ${reason} ${advice}`, "retry");
}

function countWritten({ signals }: SinkContext, written: readonly Written[], known: number): void {
  if (signals === undefined) return;
  const byKind = new Map<string, number>([["known", known]]);
  for (const { result } of written) byKind.set(result.kind, (byKind.get(result.kind) ?? 0) + 1);
  for (const [kind, count] of byKind) if (count > 0) signals.count("sink_documents", kind, count);
}
