import type { Alert } from "../event/alert.ts";
import type { LabelledEvent } from "../event/label.ts";
import type { Verdict } from "../event/verdict.ts";
import type { DeadLetter } from "./dead-letter.ts";

/** What one committed step hands to a sink. */
export interface Output {
  readonly labels: readonly LabelledEvent[];
  readonly verdicts: readonly Verdict[];
  /** Absent where no rules are asked. */
  readonly alerts?: readonly Alert[];
  readonly deadLetters: readonly DeadLetter[];
}

/** Writes labels, verdicts, alerts and dead letters to one system. */
export interface Sink {
  readonly name: string;
  /** What a stored position belongs to, e.g. `elasticsearch default`; all settings of the sink when left out. */
  readonly target?: string;
  /** What people must know before anything is written with these settings; said at the start of a run. */
  readonly warnings?: readonly string[];
  /**
   * Called once before the first write. `position` is what the last confirmed `write` returned before a restart;
   * a sink that cannot recognise a repeated record by its id goes back to it. Undefined on a first run.
   */
  open(position: string | undefined): Promise<void>;
  /**
   * Told of an output that `write` will be called with after the one that is being written: the time for work that needs no
   * answer of a server. Outputs may be prepared and never written.
   */
  prepare?(output: Output): void;
  /**
   * Returns when everything is durable, with the sink's position then. Must be idempotent by event, verdict and alert id,
   * or honour `open`. Throws TagsmithError: `retry` to be called again with the same output.
   */
  write(output: Output, signal: AbortSignal): Promise<string>;
  /** Flushes and frees. May be called twice, and before `open`. */
  close(): Promise<void>;
}
