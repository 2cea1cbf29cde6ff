/** What a session is judged to be. */
export type SessionLabel = "intrusion" | "normal_operation";

/** A feature's share in a verdict. */
export interface Contribution {
  readonly feature: string;
  /** feature / scale */
  readonly value: number;
  /** coefficient × feature / scale, in logits */
  readonly contribution: number;
}

/** The judgement of one session segment; an upsert by `id`. */
export interface Verdict {
  /** Session id and segment: `key`, then `key#part2`, … */
  readonly id: string;
  readonly sessionKey: string;
  /** 1-based. */
  readonly segment: number;
  readonly platform: string;
  readonly verdict: SessionLabel;
  /** Transformed risk probability, 0 to 1; compare with `threshold`. */
  readonly score: number;
  readonly threshold: number;
  /** Probability before the transform, after the cap for long operational sessions. */
  readonly modelProbability: number;
  /** `final`: the segment has closed. `online`: more events may follow. */
  readonly phase: "online" | "final";
  readonly events: number;
  readonly firstTimeMs: number;
  readonly lastTimeMs: number;
  /** Selected tags in event order, runs of the same tag once, at most 64. */
  readonly tags: readonly string[];
  readonly contributions: readonly Contribution[];
  readonly hosts: readonly string[];
  readonly users: readonly string[];
  readonly model: string;
}
