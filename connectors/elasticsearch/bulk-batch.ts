import type { BulkItem } from "./bulk-item.ts";

/** Bounds of one request. */
export interface BatchBounds {
  readonly maxDocuments: number;
  readonly maxBytes: number;
}

/** How many documents and bytes go into a request now: less when the server is short, more again as it takes them. */
export interface BatchSize {
  /** Leading items of `items` for the next request; at least one. */
  take<T extends Sized>(items: readonly T[]): readonly T[];
  /** The server was short of memory or threads, or found the request too large. */
  shrink(): void;
  grow(): void;
}

interface Sized {
  readonly item: BulkItem;
}

const growth = 1.25;
const leastBytes = 4_096;

/** Starts at `bounds` and never goes above them. */
export function createBatchSize(most: BatchBounds): BatchSize {
  let documents = most.maxDocuments;
  let bytes = most.maxBytes;
  return {
    take(items) {
      let size = 0;
      let count = 0;
      for (const { item } of items.slice(0, documents)) {
        size += bytesOf(item);
        if (count > 0 && size > bytes) break;
        count += 1;
      }
      return items.slice(0, count);
    },
    shrink() {
      documents = Math.max(1, Math.floor(documents / 2));
      bytes = Math.max(Math.min(leastBytes, most.maxBytes), Math.floor(bytes / 2));
    },
    grow() {
      documents = Math.min(most.maxDocuments, Math.ceil(documents * growth));
      bytes = Math.min(most.maxBytes, Math.ceil(bytes * growth));
    },
  };
}

/** The item's bytes in a request; counted as UTF-16, close enough for a bound and far cheaper than encoding. */
function bytesOf({ action, source }: BulkItem): number {
  return action.length + source.length + 2;
}
