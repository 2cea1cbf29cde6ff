export type { Event, Origin, Platform } from "../event/event.ts";
export type { Label, LabelledEvent } from "../event/label.ts";
export { type Remedy, TagsmithError } from "../event/tagsmith-error.ts";
export type { Verdict } from "../event/verdict.ts";
export type { Connector, SinkContext } from "./connector.ts";
export type { DeadLetter } from "./dead-letter.ts";
export type { Document, SourceRecord } from "./document.ts";
export type { Output, Sink } from "./sink.ts";
export type { Batch, Outcome, Source } from "./source.ts";
