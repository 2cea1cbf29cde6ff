import { setTimeout as sleep } from "node:timers/promises";
import { type Batch, type SourceContext, TagsmithError } from "#sdk";
import { type BackOff, createBackOff } from "./back-off.ts";
import { bucketMs } from "./bucket-ledger.ts";
import { checkNames, checkTimeFields } from "./check-indices.ts";
import { fieldOf } from "./classify-error.ts";
import { countBuckets } from "./count-buckets.ts";
import { lanesOf, type Window, windowQuery } from "./lane.ts";
import { LanePosition } from "./lane-position.ts";
import { endOfShare, ownsMinute, shareQuery } from "./minute-share.ts";
import { createPageSize, type PageSize } from "./page-size.ts";
import { formatCursor, parseCursor } from "./poll-cursor.ts";
import { type Reader, readWindow } from "./read-window.ts";
import { SearchError } from "./search-error.ts";
import type { SearchClient } from "./search-http.ts";
import { type Hit, type Page, searchPage } from "./search-page.ts";
import type { PollSourceSettings } from "./source.ts";
import { type PollConfig, startOf } from "./source-config.ts";
import { toRecords } from "./to-records.ts";

/** A document this far ahead of the clock is read now instead of when its time has come. */
const aheadMs = 60_000;
/** How many such documents are read; more wait for their time. */
const maxAhead = 2_000;
/** What a smaller page may help against. */
const shrinkCodes = ["siem_circuit_breaker", "siem_timeout", "siem_response_too_large", "siem_answer_invalid"];

/** Reads the indices again and again, each time what came in since. */
export class Poller {
  readonly #config: PollConfig;
  readonly #settings: PollSourceSettings;
  readonly #positions: readonly LanePosition[];
  readonly #plan: Reader["plan"];
  readonly #pageSize: PageSize;
  readonly #backOff: BackOff;
  #client: SearchClient | undefined;
  /** An index was there once: when it is missing later it was deleted. */
  #hasFound: boolean;
  #hasComplained = false;
  #delivered = 0;
  /** Documents there are to read, as far as is known. */
  #expected = 0;

  constructor(config: PollConfig, settings: PollSourceSettings, cursor: string | undefined) {
    const stored = parseCursor(cursor);
    const startMs = startOf(config.from, settings.now());
    this.#config = config;
    this.#settings = settings;
    this.#positions = lanesOf(config.time_fields)
      .filter(({ field }) => config.lane === undefined || config.lane === field)
      .map((lane) => new LanePosition(lane, stored.get(lane.field), startMs));
    this.#plan = planOf(config.fields, settings.context);
    this.#pageSize = createPageSize(config.batch_records, config.batch_bytes);
    this.#backOff = createBackOff(settings.random, (error, waitMs) => this.#tell(error, waitMs));
    this.#hasFound = stored.size > 0;
  }

  /** Until `signal` aborts or, with `once`, what there was at the start is read. */
  async *poll(signal: AbortSignal): AsyncGenerator<Batch> {
    const { now } = this.#settings;
    const { once, poll_interval_secs, safety_lag_secs, sweep_interval_secs, overlap_secs, sweep_window_secs } =
      this.#config;
    const startedMs = now();
    let sweptMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      const toMs = Math.floor(now() - safety_lag_secs * 1_000);
      const isLast = once && toMs >= startedMs;
      const isSweep = isLast || now() - sweptMs >= sweep_interval_secs * 1_000;
      const backMs = (isSweep ? sweep_window_secs : overlap_secs) * 1_000;
      for (const position of this.#positions) {
        yield* this.#insist(() => this.#readNew(position, toMs, signal), signal);
        yield* this.#insist(() => this.#recheck(position, backMs, signal), signal);
        if (isSweep) yield* this.#insist(() => this.#readAhead(position, signal), signal);
      }
      if (isSweep) sweptMs = now();
      if (isLast) return;
      const restMs = once ? startedMs - toMs : poll_interval_secs * 1_000;
      await sleep(Math.max(1, Math.min(restMs, poll_interval_secs * 1_000)), undefined, { signal }).catch(
        () => undefined,
      );
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  /** Repeats `work`, which goes on where it was, while it fails for reasons that pass. */
  async *#insist(work: () => AsyncGenerator<Batch>, signal: AbortSignal): AsyncGenerator<Batch> {
    while (!signal.aborted) {
      try {
        yield* work();
        this.#backOff.reset();
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof TagsmithError) || error.remedy !== "retry") throw error;
        if (shrinkCodes.includes(error.code)) this.#pageSize.shrink();
        await this.#backOff.wait(error, signal);
      }
    }
  }

  /** What came in since the last time, up to `toMs`. */
  async *#readNew(position: LanePosition, toMs: number, signal: AbortSignal): AsyncGenerator<Batch> {
    const { minutes } = this.#config;
    if (minutes === undefined) {
      yield* this.#readUpTo(position, { from: position.atMs, to: toMs }, await this.#reader(signal), signal);
      return;
    }
    while ((position.atMs ?? Number.NEGATIVE_INFINITY) < toMs && !signal.aborted) {
      // Where much is to be read, what lies empty is passed over.
      if (position.atMs === undefined || endOfShare(minutes, position.atMs, toMs) < toMs) {
        position.advance(await this.#oldest(position, toMs, signal), this.#keepMs());
      }
      const from = position.atMs ?? toMs;
      const window = { from, to: endOfShare(minutes, from, toMs) };
      const reader = await this.#reader(signal);
      const own = shareQuery(minutes, position.lane.field, window);
      const query = {
        bool: { filter: [own, ...(reader.selection.query === undefined ? [] : [reader.selection.query])] },
      };
      yield* this.#readUpTo(position, window, { ...reader, selection: { ...reader.selection, query } }, signal);
    }
  }

  async *#readUpTo(
    position: LanePosition,
    window: Window & { readonly to: number },
    reader: Reader,
    signal: AbortSignal,
  ): AsyncGenerator<Batch> {
    const { to: toMs } = window;
    if (window.from !== undefined && window.from >= toMs) return;
    const survey = await this.#survey(reader, position, window, signal);
    this.#checkFound(survey);
    if (survey.total > 0) {
      this.#expected = this.#delivered + survey.total;
      for await (const hits of readWindow(reader, position.lane, window, signal)) {
        const fresh = position.takeNew(hits);
        position.advance(hits.at(-1)?.timeMs ?? 0, this.#keepMs());
        this.#tellLag(position);
        yield* this.#batch(fresh);
        this.#backOff.reset();
      }
    }
    position.advance(toMs, this.#keepMs());
    this.#tellLag(position);
  }

  /** What showed up late: the server counts what it holds of each minute; a minute that holds more is read again. */
  async *#recheck(position: LanePosition, backMs: number, signal: AbortSignal): AsyncGenerator<Batch> {
    const { atMs, ledger, startMs } = position;
    if (atMs === undefined || backMs === 0) return;
    const firstMs = Math.max(Math.floor((atMs - backMs) / bucketMs) * bucketMs, startMs ?? Number.NEGATIVE_INFINITY);
    if (firstMs >= atMs) return;
    const reader = await this.#reader(signal);
    const query = windowQuery(position.lane, { from: firstMs, to: atMs }, reader.selection);
    const counts = await countBuckets(reader.client, reader.indices, position.lane.field, query, signal);
    for (const start of ledger.startsIn(firstMs, atMs)) {
      const count = counts.get(start) ?? 0;
      if (count < ledger.countAt(start)) ledger.set(start, count);
    }
    for (const [start, count] of counts) {
      if (count <= ledger.countAt(start) || !ownsMinute(this.#config.minutes, start)) continue;
      const window = { from: Math.max(start, firstMs), to: Math.min(start + bucketMs, atMs) };
      for await (const hits of readWindow(reader, position.lane, window, signal))
        yield* this.#batch(position.takeNew(hits));
      ledger.set(start, count);
    }
  }

  /** What says it comes from the future: read at once, since a host's clock may be wrong for long. */
  async *#readAhead(position: LanePosition, signal: AbortSignal): AsyncGenerator<Batch> {
    const window = { from: Math.max(this.#settings.now() + aheadMs, position.atMs ?? 0), to: undefined };
    const reader = await this.#reader(signal);
    const { total } = await this.#survey(reader, position, window, signal);
    let known = position.countKnownFrom(window.from);
    if (total <= known || known >= maxAhead) return;
    for await (const hits of readWindow(reader, position.lane, window, signal)) {
      const own = hits.filter(({ timeMs }) => ownsMinute(this.#config.minutes, timeMs));
      const fresh = position.takeNew(own.slice(0, Math.max(0, maxAhead - known)));
      known += fresh.length;
      yield* this.#batch(fresh);
      if (known >= maxAhead) return;
    }
  }

  *#batch(hits: readonly Hit[]): Generator<Batch> {
    if (hits.length === 0) return;
    this.#delivered += hits.length;
    this.#expected = Math.max(this.#expected, this.#delivered);
    const cursor = formatCursor(this.#positions.map((position) => position.store()));
    const total = this.#config.once ? { total: this.#expected } : {};
    yield { records: toRecords(hits), cursor, progress: { done: this.#delivered, ...total, unit: "documents" } };
  }

  async #reader(signal: AbortSignal): Promise<Reader> {
    this.#client ??= await this.#connect(signal);
    const { indices, exclude, query, view_keep_alive_secs } = this.#config;
    return {
      client: this.#client,
      indices,
      selection: { exclude, query },
      plan: this.#plan,
      keepAlive: `${view_keep_alive_secs}s`,
      pageSize: this.#pageSize,
    };
  }

  async #connect(signal: AbortSignal): Promise<SearchClient> {
    const client = await this.#settings.connect(signal);
    try {
      await checkNames(client, this.#config.indices, signal);
      await checkTimeFields(client, this.#config.indices, this.#config.time_fields, signal);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** Time of the oldest document of a lane that is still to be read, and before `toMs`; `toMs` where there is none. */
  async #oldest({ lane, atMs }: LanePosition, toMs: number, signal: AbortSignal): Promise<number> {
    const { client, indices, selection } = await this.#reader(signal);
    const query = windowQuery(lane, { from: atMs, to: toMs }, selection);
    const aggs = { oldest: { min: { field: lane.field } } };
    const { aggregations } = await searchPage(client, indices, { size: 0, query, aggs }, signal);
    const oldestMs = fieldOf(fieldOf(aggregations, "oldest"), "value");
    return typeof oldestMs === "number" ? Math.floor(oldestMs) : toMs;
  }

  #survey(reader: Reader, position: LanePosition, window: Window, signal: AbortSignal): Promise<Page> {
    const query = windowQuery(position.lane, window, reader.selection);
    return searchPage(reader.client, reader.indices, { size: 0, track_total_hits: true, query }, signal);
  }

  /** Names that match nothing are a mistake on a first run; a live source says so and waits for them. */
  #checkFound({ shards }: Page): void {
    if (shards > 0) this.#hasFound = true;
    if (this.#hasFound || (this.#hasComplained && !this.#config.once)) return;
    this.#hasComplained = true;
    const message = `No index matches ${this.#config.indices.join(", ")}. Check \`indices\`, and that the key may read them.`;
    const error = new SearchError({ code: "siem_not_found", remedy: "exit" }, message);
    if (this.#config.once) throw error;
    this.#tell(error, this.#config.poll_interval_secs * 1_000);
  }

  #tellLag({ atMs }: LanePosition): void {
    if (atMs === undefined) return;
    this.#settings.context?.signals?.lag?.(Math.max(0, this.#settings.now() - atMs) / 1_000);
  }

  #tell(error: TagsmithError, waitMs: number): void {
    const { signals, onWait } = this.#settings.context ?? {};
    signals?.count("source_errors", error.code);
    onWait?.(error, waitMs);
  }

  #keepMs(): number {
    return Math.max(this.#config.sweep_window_secs, this.#config.overlap_secs) * 1_000 + bucketMs;
  }
}

/** What is fetched of documents; whole ones, too, where nobody knows what the mappings need. */
function planOf(fields: PollConfig["fields"], context: SourceContext | undefined): Reader["plan"] {
  if (fields === "mapped") return () => context?.fieldPlan?.();
  const plan = fields === "all" ? undefined : { paths: fields, suffices: () => true };
  return () => plan;
}
