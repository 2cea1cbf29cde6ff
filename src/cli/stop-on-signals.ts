import { exitCodes } from "./exit-code.ts";

/** What of the process this needs. */
interface Signalled {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  exit(code: number): void;
}

/** A wish to stop. */
interface Stop {
  readonly signal: AbortSignal;
  /** Whether an error says only that the stop did not wait any longer. */
  isReasonOf(error: unknown): boolean;
  release(): void;
}

/** One Ctrl-C arrives up to three times: from the terminal, from the launcher and from npx. */
const sameStopMs = 500;

/**
 * The first SIGINT or SIGTERM asks for a graceful stop, a second one ends the process at once. `now` is milliseconds;
 * `onStop` is called once, at the first.
 */
export function stopOnSignals(target: Signalled, now: () => number, onStop: () => void): Stop {
  const controller = new AbortController();
  const { signal } = controller;
  let stoppedMs = 0;
  const onSignal = (): void => {
    if (signal.aborted) {
      if (now() - stoppedMs >= sameStopMs) target.exit(exitCodes.interrupted);
      return;
    }
    stoppedMs = now();
    controller.abort(new Error("stopped by a signal"));
    onStop();
  };
  target.on("SIGINT", onSignal);
  target.on("SIGTERM", onSignal);
  return {
    signal,
    isReasonOf: (error) =>
      signal.aborted && error instanceof Error && (error === signal.reason || error.name === "AbortError"),
    release: () => {
      target.off("SIGINT", onSignal);
      target.off("SIGTERM", onSignal);
    },
  };
}
