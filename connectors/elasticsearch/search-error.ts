import { type Remedy, TagsmithError } from "#sdk";

/** What a server's refusal says beside its message. */
export interface Refusal {
  readonly status?: number;
  /** The server's own word, e.g. `circuit_breaking_exception`. */
  readonly type?: string;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number;
}

/** A request that failed; `code` says how, `refusal` what the server said. */
export class SearchError extends TagsmithError {
  readonly refusal: Refusal;

  constructor(kind: { readonly code: string; readonly remedy: Remedy }, message: string, refusal: Refusal = {}) {
    super(kind.code, message, kind.remedy);
    this.name = "SearchError";
    this.refusal = refusal;
  }
}
