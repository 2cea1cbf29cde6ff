import { type EventRow, packRow } from "./event-row.ts";

/** Under which name each stored event of a session is kept. */
export class StoredRows {
  readonly #fields = new Map<string, { readonly field: string; readonly timeMs: number }[]>();
  #next = 1;

  remember(field: string, { sessionKey, timeMs = 0 }: EventRow): void {
    const fields = this.#fields.get(sessionKey);
    if (fields === undefined) this.#fields.set(sessionKey, [{ field, timeMs }]);
    else fields.push({ field, timeMs });
    this.#next = Math.max(this.#next, Number(field) + 1);
  }

  add(rows: readonly EventRow[]): (readonly [field: string, text: string])[] {
    return rows.map((row) => {
      const field = String(this.#next);
      this.remember(field, row);
      return [field, JSON.stringify(packRow(row))] as const;
    });
  }

  until(sessionKey: string, untilMs: number): string[] {
    const fields = this.#fields.get(sessionKey) ?? [];
    return fields.flatMap(({ field, timeMs }) => (timeMs <= untilMs ? [field] : []));
  }

  forget(expired: readonly { readonly sessionKey: string; readonly untilTimeMs: number }[]): void {
    for (const { sessionKey, untilTimeMs } of expired) {
      const kept = (this.#fields.get(sessionKey) ?? []).filter(({ timeMs }) => timeMs > untilTimeMs);
      if (kept.length === 0) this.#fields.delete(sessionKey);
      else this.#fields.set(sessionKey, kept);
    }
  }
}
