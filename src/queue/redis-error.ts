import { type Remedy, TagsmithError } from "../event/tagsmith-error.ts";

/** Is told what is wrong with the queue while work waits for it. */
export type TroubleListener = (error: TagsmithError) => void;

/** Patterns of what Redis and its client say; the first that matches counts. */
const kinds: readonly (readonly [RegExp, string, Remedy, string])[] = [
  [/^(WRONGPASS|NOAUTH|NOPERM)|invalid username-password/, "queue_redis_unauthorized", "exit", "refuses us"],
  [/^OOM\b/, "queue_redis_full", "retry", "is full"],
  [
    /^(LOADING|MASTERDOWN|READONLY|UNBLOCKED|CLUSTERDOWN|TRYAGAIN|BUSY)\b/,
    "queue_redis_unready",
    "retry",
    "is not ready",
  ],
  [/self.signed|certificate|SSL routines|wrong version number/i, "queue_redis_tls_failed", "exit", "is not trusted"],
  [
    /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|Connection is closed|timed? ?out|ClusterAllFailed|Failed to refresh slots|no answer/i,
    "queue_redis_unreachable",
    "retry",
    "cannot be reached",
  ],
];

/** What an error of Redis or its client means for us. `remedy` overrides what the kind of error suggests. */
export function redisError(cause: unknown, remedy?: Remedy, message?: string): TagsmithError {
  if (cause instanceof TagsmithError && remedy === undefined) return cause;
  const text = textOf(cause);
  for (const [pattern, code, usual, what] of kinds) {
    if (pattern.test(text)) return new TagsmithError(code, message ?? `Redis ${what}: ${text}`, remedy ?? usual, cause);
  }
  const code = "queue_redis_failed";
  return new TagsmithError(code, message ?? `Redis failed: ${text}`, remedy ?? "retry", cause);
}

/** A failed connection to several addresses says nothing itself. */
function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause && typeof cause.code === "string" ? ` ${cause.code}` : "";
  const last =
    "lastNodeError" in cause && cause.lastNodeError instanceof Error ? ` ${textOf(cause.lastNodeError)}` : "";
  return `${cause.message}${code}${last}`.trim();
}
