import { hash } from "node:crypto";
import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Document } from "../sdk/document.ts";
import { asText } from "./coerce-value.ts";
import { compileParts } from "./compile-candidates.ts";
import { compilePath } from "./compile-path.ts";
import type { Mapping } from "./mapping-schema.ts";
import { createOpenSince } from "./open-since.ts";
import { parseJson } from "./parse-json.ts";
import { joinKey } from "./reading.ts";
import type { EventResult, RefusedResult, Result } from "./result.ts";

/** Makes one event of the documents that tell of one thing, such as the stages of a Kubernetes request. */
export interface Collapser {
  add(result: EventResult, document: Document, out: Result[]): void;
  flush(out: Result[]): void;
  /** Gives out what has waited for long by the clock of a live source. */
  release(nowMs: number, out: Result[]): void;
  pending(): string;
  restore(state: string): void;
}

type CollapseSpec = NonNullable<Mapping["collapse"]>;
/** What waits, with how many events had waited before it. */
type Held = z.infer<typeof heldSchema> & { readonly placed: number };

/** More events than this wait at no time; the oldest is given out. */
const maxHeld = 1024;
/** Keys of events given out before their last stage came, so that the stage is known for a repeat. */
const maxEarly = 512;
/** A live source that names the time is not waited for any longer than this. */
const releaseMs = 30_000;
/** Keys of whole events, for stages that come late. */
const maxDone = 128;

const positionSchema = z.object({ container: z.string(), id: z.string(), sequence: z.number() });
const heldSchema = z.object({
  key: z.string(),
  rank: z.number(),
  timeMs: z.number(),
  result: z.custom<EventResult>((value) => typeof value === "object" && value !== null),
  records: z.array(positionSchema),
});
const stateSchema = z.strictObject({
  newestMs: z.number().nullable(),
  held: z.array(heldSchema),
  early: z.array(z.tuple([z.string(), z.number()])),
  done: z.array(z.tuple([z.string(), z.number()])),
});

/**
 * The best stage of a key is its event, the others are skipped with the mapping's code. A final stage is given out at
 * once; another waits until a better one comes or event time has moved on by `wait_secs`.
 */
export function createCollapser(spec: CollapseSpec, mapping: string): Collapser {
  const { keyOf, rankOf } = compileKey(spec);
  const finals = new Set(spec.final.map((value) => spec.order.indexOf(value)));
  const state = newState();
  const openSince = createOpenSince(releaseMs);
  const skip = (records: RefusedResult["records"]): RefusedResult => {
    return { kind: "skipped", code: spec.code, reason: spec.reason, mapping, records };
  };
  return {
    add(result, document, out) {
      const rank = rankOf(document);
      const parts = rank < 0 || result.event.timeMs === undefined ? undefined : keyOf(document);
      if (parts === undefined) return void out.push(result);
      const key = hash("sha256", `${result.event.sessionKey}\n${joinKey(parts)}`, "hex").slice(0, 16);
      // Positions alone: what waits must not keep whole documents.
      const records = result.records.map(({ container, id, sequence }) => ({ container, id, sequence }));
      const waiting = { ...result, records };
      const stage = { key, rank, timeMs: result.event.timeMs ?? 0, result: waiting, records, placed: state.placed++ };
      place(state, stage, finals.has(rank), skip, out);
      state.newestMs = Math.max(state.newestMs, stage.timeMs);
      release(state, state.newestMs - spec.wait_secs * 1000, out);
    },
    flush(out) {
      release(state, Number.POSITIVE_INFINITY, out);
    },
    release(nowMs, out) {
      const before = openSince(nowMs, state.placed);
      for (const held of [...state.held.values()]) if (held.placed < before) giveEarly(state, held, out);
    },
    pending: () => writeState(state),
    restore: (text) => readState(text, state),
  };
}

interface State {
  placed: number;
  newestMs: number;
  /** In order of arrival. */
  readonly held: Map<string, Held>;
  readonly early: Map<string, number>;
  readonly done: Map<string, number>;
}

function newState(): State {
  return { placed: 0, newestMs: Number.NEGATIVE_INFINITY, held: new Map(), early: new Map(), done: new Map() };
}

function compileKey(spec: CollapseSpec): {
  keyOf: (document: Document) => string[] | undefined;
  rankOf: (document: Document) => number;
} {
  const parts = compileParts(spec.key, new Set());
  const read = compilePath(spec.field);
  return {
    keyOf: (document) => parts(document, () => undefined),
    rankOf(document) {
      const value = asText(read(document));
      return typeof value === "string" ? spec.order.indexOf(value) : -1;
    },
  };
}

type Skip = (records: RefusedResult["records"]) => RefusedResult;

function place(state: State, stage: Held, final: boolean, skip: Skip, out: Result[]): void {
  const given = state.early.get(stage.key) ?? state.done.get(stage.key);
  // The same stage twice is a repeat, which its id makes harmless, or a source that gives no true keys.
  if (given !== undefined) return void out.push(given === stage.rank ? stage.result : skip(stage.records));
  const held = state.held.get(stage.key);
  if (held !== undefined && held.rank >= stage.rank) {
    return void out.push(held.rank === stage.rank ? stage.result : skip(stage.records));
  }
  if (held !== undefined) {
    state.held.delete(stage.key);
    out.push(skip(held.records));
  }
  if (!final) return void state.held.set(stage.key, stage);
  remember(state.done, stage, maxDone);
  out.push(stage.result);
}

function release(state: State, beforeMs: number, out: Result[]): void {
  for (const held of state.held.values()) {
    if (held.timeMs >= beforeMs && state.held.size <= maxHeld) break;
    giveEarly(state, held, out);
  }
}

function giveEarly(state: State, held: Held, out: Result[]): void {
  state.held.delete(held.key);
  remember(state.early, held, maxEarly);
  out.push(held.result);
}

function remember(keys: Map<string, number>, stage: Held, max: number): void {
  keys.set(stage.key, stage.rank);
  if (keys.size <= max) return;
  for (const oldest of keys.keys()) {
    keys.delete(oldest);
    return;
  }
}

function writeState(state: State): string {
  const held = [...state.held.values()].map(({ placed: _, ...kept }) => kept);
  const newestMs = Number.isFinite(state.newestMs) ? state.newestMs : null;
  return JSON.stringify({ newestMs, held, early: [...state.early], done: [...state.done] });
}

function readState(text: string, state: State): void {
  const parsed = stateSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new TagsmithError("normalizer_state_invalid", "The stored state of waiting events cannot be read.", "exit");
  }
  state.newestMs = parsed.data.newestMs ?? Number.NEGATIVE_INFINITY;
  for (const held of parsed.data.held) state.held.set(held.key, { ...held, placed: state.placed++ });
  for (const [key, rank] of parsed.data.early) state.early.set(key, rank);
  for (const [key, rank] of parsed.data.done) state.done.set(key, rank);
}
