import { type Remedy, TagsmithError } from "../event/tagsmith-error.ts";

/** Is told what is wrong with the queue while work waits for it. */
export type TroubleListener = (error: TagsmithError) => void;

interface Kind {
  readonly pattern: RegExp;
  readonly code: string;
  readonly remedy: Remedy;
  readonly what: string;
}

/** What Redis and its client say, Redis 6.2 of scripts behind a colon; the first that matches counts. */
const kinds: readonly Kind[] = [
  {
    pattern:
      /^(WRONGPASS|NOAUTH|NOPERM)|invalid username-password|sentinels are unreachable.*(WRONGPASS|NOAUTH|NOPERM)/s,
    code: "queue_redis_unauthorized",
    remedy: "exit",
    what: "refuses us",
  },
  {
    pattern: /could not renew lock|Missing (lock|key) for job/,
    code: "queue_job_taken_over",
    remedy: "retry",
    what: "has given a job to another worker, or lost it",
  },
  { pattern: /^OOM\b|: -OOM\b/, code: "queue_redis_full", remedy: "retry", what: "is full" },
  {
    pattern: /(^|: -)(LOADING|MASTERDOWN|READONLY|UNBLOCKED|CLUSTERDOWN|TRYAGAIN|BUSY)\b/,
    code: "queue_redis_unready",
    remedy: "retry",
    what: "is not ready",
  },
  {
    pattern: /self.signed|certificate|SSL routines|wrong version number/i,
    code: "queue_redis_tls_failed",
    remedy: "exit",
    what: "is not trusted",
  },
  {
    pattern:
      /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|Connection is closed|timed? ?out|ClusterAllFailed|sentinels are unreachable|Failed to refresh slots|no answer/i,
    code: "queue_redis_unreachable",
    remedy: "retry",
    what: "cannot be reached",
  },
];

/** What an error of Redis or its client means for us. `remedy` overrides what the kind of error suggests. */
export function redisError(cause: unknown, remedy?: Remedy, message?: string): TagsmithError {
  if (cause instanceof TagsmithError && remedy === undefined) return cause;
  const text = textOf(cause);
  const kind = kinds.find(({ pattern }) => pattern.test(text));
  if (kind === undefined) {
    return new TagsmithError("queue_redis_failed", message ?? `Redis failed: ${text}`, remedy ?? "retry", cause);
  }
  const { code, what } = kind;
  return new TagsmithError(code, message ?? `Redis ${what}: ${text}`, remedy ?? kind.remedy, cause);
}

/** A failed connection to several addresses says nothing itself. */
function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const isCoded = "code" in cause && typeof cause.code === "string" && !cause.message.includes(cause.code);
  const code = isCoded ? ` ${cause.code}` : "";
  const last =
    "lastNodeError" in cause && cause.lastNodeError instanceof Error ? ` ${textOf(cause.lastNodeError)}` : "";
  return `${cause.message}${code}${last}`.trim();
}
