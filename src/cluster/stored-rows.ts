import { type EventRow, packRow } from "./event-row.ts";

/** Numbers of a session's stored events, each followed by its time: flat, as there may be a million of them. */
type Numbered = number[];

/** Under which name each stored event of a session is kept. Names are numbers that rise. */
export class StoredRows {
  readonly #bySession = new Map<string, Numbered>();
  #next = 1;

  remember(field: string, { sessionKey, timeMs = 0 }: EventRow): void {
    const number = Number(field);
    const known = this.#bySession.get(sessionKey);
    if (known === undefined) this.#bySession.set(sessionKey, [number, timeMs]);
    else known.push(number, timeMs);
    this.#next = Math.max(this.#next, number + 1);
  }

  add(rows: readonly EventRow[]): (readonly [field: string, text: string])[] {
    return rows.map((row) => {
      const field = String(this.#next);
      this.remember(field, row);
      return [field, JSON.stringify(packRow(row))] as const;
    });
  }

  until(sessionKey: string, untilMs: number): string[] {
    const found: string[] = [];
    for (const [number, timeMs] of pairs(this.#bySession.get(sessionKey))) {
      if (timeMs <= untilMs) found.push(String(number));
    }
    return found;
  }

  forget(expired: readonly { readonly sessionKey: string; readonly untilTimeMs: number }[]): void {
    for (const { sessionKey, untilTimeMs } of expired) {
      const kept: Numbered = [];
      for (const [number, timeMs] of pairs(this.#bySession.get(sessionKey))) {
        if (timeMs > untilTimeMs) kept.push(number, timeMs);
      }
      if (kept.length === 0) this.#bySession.delete(sessionKey);
      else this.#bySession.set(sessionKey, kept);
    }
  }
}

function* pairs(numbered: Numbered = []): Generator<readonly [number: number, timeMs: number]> {
  for (let at = 0; at < numbered.length; at += 2) yield [numbered[at] ?? 0, numbered[at + 1] ?? 0];
}
