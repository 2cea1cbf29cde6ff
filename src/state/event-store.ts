import type { DatabaseSync, StatementSync } from "node:sqlite";
import { compareEventOrder, type EventOrder } from "../event/event.ts";
import { packLabels, unpackLabels } from "./pack-labels.ts";
import type { StoredEvent } from "./stored-event.ts";

/** Which stored events of a session are no longer needed. */
export type Forget =
  /** All of them: the session has closed. */
  | { readonly kind: "session"; readonly sessionKey: string }
  /** Those up to and including `until` in event order: their segment has closed. */
  | { readonly kind: "until"; readonly sessionKey: string; readonly until: EventOrder }
  | { readonly kind: "events"; readonly sessionKey: string; readonly ids: readonly string[] };

interface EventStatements {
  readonly insert: StatementSync;
  readonly read: StatementSync;
  readonly order: StatementSync;
  readonly remove: StatementSync;
}

/**
 * Stored events of the open sessions: rows are only appended, and which rows belong to a session is kept in memory
 * (8 bytes an event). An index in the database would dirty a page per session in each step: measured 97,000 events/s
 * against over a million. SQLite holds UTF-8, so keys are compared with U+FFFD in place of lone surrogates.
 */
export class EventStore {
  readonly #rows = new Map<string, number[]>();
  readonly #statements: EventStatements;
  readonly #scratch = new Uint8Array(1024);
  #next = 1;

  constructor(db: DatabaseSync) {
    this.#statements = prepare(db);
    this.reload(db);
  }

  /** Reads again which rows there are: at the start, and after a transaction was rolled back. */
  reload(db: DatabaseSync): void {
    this.#rows.clear();
    this.#next = 1;
    for (const row of db.prepare("SELECT n, session_key FROM session_event ORDER BY n").iterate()) {
      this.#remember(String(row["session_key"]), Number(row["n"]));
    }
  }

  add(event: StoredEvent): void {
    const n = this.#next;
    const { timeMs, sequence, id, platform } = event;
    const sessionKey = event.sessionKey.toWellFormed();
    const labels = packLabels(event.labels, this.#scratch);
    const { host = null, user = null } = event;
    this.#statements.insert.run(n, sessionKey, timeMs, sequence, id, host, user, platform, labels);
    this.#remember(sessionKey, n);
  }

  forget(what: Forget): void {
    const key = what.sessionKey.toWellFormed();
    const rows = this.#rows.get(key);
    if (rows === undefined) return;
    const isForgotten = forgetTest(what);
    const kept = isForgotten === undefined ? [] : rows.filter((n) => !isForgotten(this.#orderOf(n)));
    const keptRows = new Set(kept);
    for (const n of rows) if (!keptRows.has(n)) this.#statements.remove.run(n);
    if (kept.length === 0) this.#rows.delete(key);
    else this.#rows.set(key, kept);
  }

  sessionKeys(): IterableIterator<string> {
    return this.#rows.keys();
  }

  /** Events of a session in event order. */
  eventsOf(sessionKey: string): StoredEvent[] {
    const rows = this.#rows.get(sessionKey.toWellFormed()) ?? [];
    return rows.map((n) => toEvent(sessionKey, this.#statements.read.get(n) ?? {})).sort(compareEventOrder);
  }

  #remember(sessionKey: string, n: number): void {
    const rows = this.#rows.get(sessionKey);
    if (rows === undefined) this.#rows.set(sessionKey, [n]);
    else rows.push(n);
    this.#next = n + 1;
  }

  #orderOf(n: number): EventOrder {
    return toOrder(this.#statements.order.get(n) ?? {});
  }
}

/** Undefined: all of the session's events, none of which needs to be read. */
function forgetTest(what: Forget): ((order: EventOrder) => boolean) | undefined {
  if (what.kind === "session") return undefined;
  if (what.kind === "until") return (order) => compareEventOrder(order, what.until) <= 0;
  const ids = new Set(what.ids);
  return (order) => ids.has(order.id);
}

function prepare(db: DatabaseSync): EventStatements {
  return {
    insert: db.prepare("INSERT INTO session_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    read: db.prepare("SELECT time_ms, sequence, id, host, user, platform, labels FROM session_event WHERE n = ?"),
    order: db.prepare("SELECT time_ms, sequence, id FROM session_event WHERE n = ?"),
    remove: db.prepare("DELETE FROM session_event WHERE n = ?"),
  };
}

type Row = Readonly<Record<string, unknown>>;

function toOrder(row: Row): EventOrder {
  return { timeMs: Number(row["time_ms"]), sequence: Number(row["sequence"]), id: String(row["id"]) };
}

function toEvent(sessionKey: string, row: Row): StoredEvent {
  const { host, user, labels } = row;
  return {
    sessionKey,
    ...toOrder(row),
    ...(typeof host === "string" && { host }),
    ...(typeof user === "string" && { user }),
    platform: String(row["platform"]),
    labels: labels instanceof Uint8Array ? unpackLabels(labels) : [],
  };
}
