import type { BulkItem } from "./bulk-item.ts";
import { fieldOf, listOf } from "./classify-error.ts";
import type { SearchHttp } from "./search-http.ts";
import { backingIndices, generationOf } from "./sink-streams.ts";

/**
 * Keeps an event from being written twice across a rollover. Within one backing index the server refuses an id it has;
 * a new backing index knows nothing of the old one's. So what may have been written before, after a restart or when no
 * answer came, is looked for in the older ones that were written to since the last confirmed write. What is most likely to
 * have been written is looked for in the newest, too: a rollover may come between the look and the writing.
 */
export interface ReplayGuard {
  readonly stream: string;
  /** Backing index of the newest confirmed document; undefined before the first. */
  readonly newest: string | undefined;
  /** Those of the documents that an older backing index has. */
  findKnown(items: readonly BulkItem[], signal: AbortSignal): Promise<ReadonlySet<BulkItem>>;
  /** No answer came for a request: until the next `confirm` its documents may be there. */
  markUnsure(): void;
  /** A document of the write that is under way went into `index`. */
  note(index: string | undefined): void;
  /** All of a write is durable. */
  confirm(): void;
}

export interface ReplaySettings {
  readonly stream: string;
  /** Backing index of the newest confirmed document of an earlier run. */
  readonly confirmed: string | undefined;
  /** Look through all of the stream, for every document. */
  readonly isThorough: boolean;
  /** After a start, so many documents may be repetitions. */
  readonly maxReplayed: number;
}

/** After a start, so many documents are the likely repetitions, and as many more as there are any among. */
const earlyItems = 20_000;

/** A guard for the data stream `stream`; `confirmed` is where an earlier run's guard stood. */
export function createReplayGuard(http: SearchHttp, settings: ReplaySettings): ReplayGuard {
  let newest = settings.confirmed;
  let noted = newest;
  let isUnsure = false;
  let replayed = 0;
  let isRepeating = false;
  return {
    stream: settings.stream,
    get newest() {
      return newest;
    },
    async findKnown(items, signal) {
      const isReplay = replayed < settings.maxReplayed;
      const isEarly = replayed < earlyItems;
      replayed += items.length;
      if (!settings.isThorough && !isReplay && !isUnsure) return new Set();
      const all = await backingIndices(http, settings.stream, signal);
      const first = settings.isThorough ? 0 : generationOf(newest ?? "");
      const asked = isEarly || isRepeating || isUnsure ? all : all.slice(0, -1);
      const since = asked.filter((index) => generationOf(index) >= first);
      const known = await findIn(http, since, items, signal);
      isRepeating = known.size > 0;
      return known;
    },
    markUnsure: () => {
      isUnsure = true;
    },
    note: (index) => {
      if (index !== undefined && generationOf(index) >= generationOf(noted ?? "")) noted = index;
    },
    confirm: () => {
      isUnsure = false;
      newest = noted;
    },
  };
}

/** Asks for the ids themselves: a search would not see what is not refreshed yet. */
async function findIn(
  http: SearchHttp,
  indices: readonly string[],
  items: readonly BulkItem[],
  signal: AbortSignal,
): Promise<ReadonlySet<BulkItem>> {
  const known = new Set<BulkItem>();
  for (const index of indices) {
    const asked = items.filter((item) => !known.has(item));
    if (asked.length === 0) break;
    const body = { ids: asked.map(({ documentId }) => documentId) };
    const query = { _source: false, filter_path: "docs._id,docs.found" };
    const call = { method: "POST", path: `/${encodeURIComponent(index)}/_mget`, query, body, accept: [404] } as const;
    const { body: answer } = await http.request(call, signal);
    const found = new Set(
      listOf(fieldOf(answer, "docs"))
        .filter((one) => fieldOf(one, "found") === true)
        .map((one) => fieldOf(one, "_id")),
    );
    for (const item of asked) if (found.has(item.documentId)) known.add(item);
  }
  return known;
}
