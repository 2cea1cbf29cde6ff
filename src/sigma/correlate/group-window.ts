import type { Correlation } from "../ast.ts";
import { createMeasure, type Reading, type WindowMeasure } from "./measure.ts";
import type { WindowEntry } from "./window-entry.ts";

/** The sliding window of one group: `[newest - timespan, newest]`, both ends included. */
export class GroupWindow {
  readonly #timespanMs: number;
  readonly #measure: WindowMeasure;
  #entries: WindowEntry[] = [];
  /** Milliseconds of the last alert, or undefined. */
  #alertedAt: number | undefined;

  constructor(correlation: Correlation, alertedAt?: number) {
    this.#timespanMs = correlation.timespan.seconds * 1000;
    this.#measure = createMeasure(correlation);
    this.#alertedAt = alertedAt;
  }

  get entries(): readonly WindowEntry[] {
    return this.#entries;
  }

  get alertedAt(): number | undefined {
    return this.#alertedAt;
  }

  /** Whether nothing here matters to an event at `time` or later. */
  isOver(time: number, suppressMs: number): boolean {
    const newest = this.#entries.at(-1)?.time ?? Number.NEGATIVE_INFINITY;
    return newest < time - this.#timespanMs && (this.#alertedAt ?? Number.NEGATIVE_INFINITY) + suppressMs <= time;
  }

  /** Adds an entry no older than those there; says how many were dropped because the window was full. */
  add(entry: WindowEntry, maxEntries: number): number {
    this.#entries.push(entry);
    this.#measure.add(entry);
    const stale = this.#entries.findIndex(({ time }) => time >= entry.time - this.#timespanMs);
    const excess = Math.max(0, this.#entries.length - stale - maxEntries);
    this.#drop(stale + excess);
    return excess;
  }

  read(): Reading {
    return this.#measure.read(this.#entries);
  }

  alerted(time: number): void {
    this.#alertedAt = time;
  }

  #drop(count: number): void {
    if (count === 0) return;
    for (const entry of this.#entries.splice(0, count)) this.#measure.remove(entry);
  }
}
