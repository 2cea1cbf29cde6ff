import type { Correlation } from "../ast.ts";
import type { CorrelatorState } from "./correlation-state.ts";
import { GroupWindow } from "./group-window.ts";
import type { WindowEntry } from "./window-entry.ts";

/** How much of the groups of all correlations is kept. */
export interface GroupLimits {
  readonly maxGroups: number;
  readonly maxEventsAGroup: number;
  readonly suppressMs: number;
}

type SavedGroup = CorrelatorState["groups"][number];

/** The windows of all groups, the one touched last at the end. */
export class GroupTable {
  readonly #limits: GroupLimits;
  /** Names of correlations that outlive a restart. */
  readonly #names: ReadonlyMap<Correlation, string>;
  readonly #windows = new Map<string, GroupWindow>();
  #evicted = 0;

  constructor(names: ReadonlyMap<Correlation, string>, limits: GroupLimits) {
    this.#names = names;
    this.#limits = limits;
  }

  get size(): number {
    return this.#windows.size;
  }

  /** Groups that gave way to others. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The group's window; the groups untouched longest make room for it. */
  touch(correlation: Correlation, key: string): GroupWindow {
    const id = `${this.#names.get(correlation)}\n${key}`;
    const window = this.#windows.get(id) ?? new GroupWindow(correlation);
    this.#windows.delete(id);
    if (this.#windows.size >= this.#limits.maxGroups) {
      const [oldest] = this.#windows.keys();
      if (oldest !== undefined) this.#windows.delete(oldest);
      this.#evicted += 1;
    }
    this.#windows.set(id, window);
    return window;
  }

  /** Drops the groups, from the one untouched longest on, that no event of now could reach. */
  forget(time: number): void {
    for (const [id, window] of this.#windows) {
      if (!window.isOver(time, this.#limits.suppressMs)) return;
      this.#windows.delete(id);
    }
  }

  save(): SavedGroup[] {
    return [...this.#windows].map(([id, window]) => {
      const end = id.indexOf("\n");
      const entries = window.entries.map(copyEntry);
      return { correlation: id.slice(0, end), key: id.slice(end + 1), alertedAt: window.alertedAt ?? null, entries };
    });
  }

  /** Takes over saved groups; those of correlations that are gone are left out. */
  restore(groups: readonly SavedGroup[]): void {
    const correlations = new Map([...this.#names].map(([correlation, name]) => [name, correlation]));
    this.#windows.clear();
    for (const { correlation: name, key, alertedAt, entries } of groups) {
      const correlation = correlations.get(name);
      if (correlation === undefined) continue;
      const window = new GroupWindow(correlation, alertedAt ?? undefined);
      for (const entry of entries) window.add(entry, this.#limits.maxEventsAGroup);
      this.#windows.set(`${name}\n${key}`, window);
    }
  }
}

function copyEntry({ time, rules, values, events }: WindowEntry): SavedGroup["entries"][number] {
  return {
    time,
    rules: [...rules],
    values: [...values],
    events: events.map(({ event, time: at }) => ({ event: { ...event }, time: at })),
  };
}
