import type { Guard } from "./compile-guard.ts";
import type { PipelineRun, Subject } from "./pipeline-run.ts";

/** What a transformation works with besides its own settings. */
export interface Setting {
  /** Id of its pipeline item. */
  readonly id: string;
  readonly guard: Guard;
}

/** Changes a rule or correlation; returns the same object when there is nothing to do. May throw TransformationFault. */
export type Transformation = (subject: Subject, run: PipelineRun) => Subject;
