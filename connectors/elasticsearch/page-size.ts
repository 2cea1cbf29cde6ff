import type { Page } from "./search-page.ts";

/** How many documents to ask for: many when they are small and the server is quick, few when it is short of memory. */
export interface PageSize {
  readonly current: number;
  /** Learns from a page that came. */
  learn(page: Page): void;
  /** The server could not give a page of this size. */
  shrink(): void;
}

const firstSize = 500;
const slowMs = 10_000;
const samples = 8;

/** Pages of at most `maxRecords` documents and about `maxBytes`. */
export function createPageSize(maxRecords: number, maxBytes: number): PageSize {
  let current = Math.min(firstSize, maxRecords);
  return {
    get current() {
      return current;
    },
    learn: (page) => {
      if (page.tookMs > slowMs) current = Math.max(1, current >> 1);
      else if (page.hits.length > 0) {
        const fitting = Math.floor(maxBytes / averageBytes(page));
        current = Math.max(1, Math.min(maxRecords, current * 2, fitting));
      }
    },
    shrink: () => {
      current = Math.max(1, current >> 1);
    },
  };
}

/** Weight of a document as JSON, from a few of the page. */
function averageBytes({ hits }: Page): number {
  const step = Math.max(1, Math.floor(hits.length / samples));
  let bytes = 0;
  let count = 0;
  for (let index = 0; index < hits.length; index += step) {
    bytes += JSON.stringify(hits[index]?.source ?? null).length;
    count += 1;
  }
  return bytes / count + 200;
}
