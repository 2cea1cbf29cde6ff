/** What the code that catches an error should do about it. */
export type Remedy = "retry" | "reject" | "reconnect" | "exit";

/** Broken machinery. Bad data is a value (`unreadable`, `rejected`), not one of these. */
export class TagsmithError extends Error {
  readonly code: string;
  readonly remedy: Remedy;

  constructor(code: string, message: string, remedy: Remedy, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TagsmithError";
    this.code = code;
    this.remedy = remedy;
  }
}
