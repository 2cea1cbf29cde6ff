const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
/** Furthest time a Date can hold, in milliseconds. */
const maxTimeMs = 8.64e15;

/** A time as RFC 3339: as it was written, all digits kept, where that is the form; undefined when there is none. */
export function formatTime(timeMs: number | undefined, written?: string): string | undefined {
  if (timeMs === undefined || !(Math.abs(timeMs) <= maxTimeMs)) return undefined;
  if (written !== undefined && rfc3339.test(written)) return written;
  const wholeMs = Math.floor(timeMs);
  const text = new Date(wholeMs).toISOString();
  const micros = Math.floor((timeMs - wholeMs) * 1_000);
  return micros === 0 ? text : `${text.slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
}
