const leftoversMs = 2_000;

/**
 * Ends the process in two seconds if it has not ended by then: the client of a Redis that is away goes on trying to reach
 * it. Called when all that matters is closed; the exit code stays what it is.
 */
export function endLeftovers(): void {
  setTimeout(() => process.exit(), leftoversMs).unref();
}
