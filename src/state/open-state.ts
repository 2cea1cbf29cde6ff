import type { DatabaseSync, StatementSync } from "node:sqlite";
import { EventStore, type Forget } from "./event-store.ts";
import { openDatabase } from "./open-database.ts";
import { stateError } from "./state-error.ts";
import type { StoredEvent } from "./stored-event.ts";

/** All that one pipeline step changes; stored in one transaction or not at all. */
export interface Step {
  /** Source instance the batch came from. */
  readonly source: string;
  readonly cursor: string;
  /** What the sink's `write` returned for this step. */
  readonly sinkPosition: string;
  /** What the normalizer holds back between batches of this source; unchanged when left out. */
  readonly normalizerState?: string;
  /** Changed sessions only: key and opaque text; null removes the session's text. */
  readonly sessionMeta?: Iterable<readonly [sessionKey: string, meta: string | null]>;
  /** Each event once; a repeated id is for the caller to recognise. */
  readonly addEvents?: Iterable<StoredEvent>;
  /** Applied before `addEvents`. */
  readonly forget?: Iterable<Forget>;
  /** Rows of what detection remembers: behind those there are, or in their place. */
  readonly detection?: { readonly replace: boolean; readonly append: readonly string[] };
}

/** What a source and the sink go on from; empty on a first run. */
interface Progress {
  readonly cursor?: string;
  readonly sinkPosition?: string;
  readonly normalizerState?: string;
  /** Rows of what detection remembers, in the order they were stored. */
  readonly detection?: readonly string[];
}

/** The durable state of one pipeline. */
export interface State {
  /**
   * Stores a step atomically; when it returns, the step survives a killed process and a power loss. Throws
   * `state_disk_full` (retry: nothing was stored) or another TagsmithError (exit).
   */
  commit(step: Step): void;
  load(source: string): Progress;
  /** Stores where the sink stands before its first write, so that a kill during that write can be taken back too. */
  startSink(position: string): void;
  /** Sessions that have a text, in key order. */
  sessionMeta(): IterableIterator<readonly [sessionKey: string, meta: string]>;
  /** Keys of the sessions that have stored events. */
  sessionKeys(): IterableIterator<string>;
  /** Stored events of a session, in event order. */
  eventsOf(sessionKey: string): StoredEvent[];
  /** Free facts about the state, such as the versions that wrote it. */
  meta(key: string): string | undefined;
  putMeta(key: string, value: string): void;
  /** May be called twice. */
  close(): void;
}

/**
 * Opens or creates the state file at `path` (`:memory:` for none). Throws TagsmithError (exit): `state_locked`,
 * `state_corrupt`, `state_version_newer`, `state_foreign`, `state_unwritable`.
 */
export function openState(path: string): State {
  const db = openDatabase(path);
  try {
    return stateOn(db, path);
  } catch (cause) {
    db.close();
    throw stateError(path, cause);
  }
}

const sinkPositionKey = "sink.position";

function stateOn(db: DatabaseSync, path: string): State {
  const statements = prepare(db);
  const events = new EventStore(db);
  const meta = (key: string) => text(statements.readMeta.get(key)?.["value"]);
  return {
    commit: (step) => transact(db, path, events, () => store(step, statements, events)),
    startSink: (position) => transact(db, path, events, () => statements.putMeta.run(sinkPositionKey, position)),
    load: (source) => {
      const detection = statements.readDetection.all().map(({ row }) => String(row));
      const progress = loadProgress(statements.readSource.get(source), meta(sinkPositionKey));
      return detection.length === 0 ? progress : { ...progress, detection };
    },
    sessionMeta: () => readSessions(statements.readSessions),
    sessionKeys: () => events.sessionKeys(),
    eventsOf: (sessionKey) => events.eventsOf(sessionKey),
    meta,
    putMeta: (key, value) => transact(db, path, events, () => statements.putMeta.run(key, value)),
    close: () => {
      if (db.isOpen) db.close();
    },
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: DatabaseSync) {
  return {
    readMeta: db.prepare("SELECT value FROM meta WHERE key = ?"),
    putMeta: db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)"),
    readSource: db.prepare("SELECT cursor, normalizer_state FROM source WHERE name = ?"),
    putSource: db.prepare(
      `INSERT INTO source VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE
       SET cursor = excluded.cursor, normalizer_state = coalesce(excluded.normalizer_state, normalizer_state)`,
    ),
    readSessions: db.prepare("SELECT key, meta FROM session ORDER BY key"),
    putSession: db.prepare("INSERT OR REPLACE INTO session VALUES (?, ?)"),
    readDetection: db.prepare("SELECT row FROM detection ORDER BY n"),
    addDetection: db.prepare("INSERT INTO detection (row) VALUES (?)"),
    clearDetection: db.prepare("DELETE FROM detection"),
    removeSession: db.prepare("DELETE FROM session WHERE key = ?"),
  };
}

function transact(db: DatabaseSync, path: string, events: EventStore, change: () => void): void {
  try {
    db.exec("BEGIN IMMEDIATE");
    change();
    db.exec("COMMIT");
  } catch (cause) {
    if (db.isOpen && db.isTransaction) db.exec("ROLLBACK");
    if (db.isOpen) events.reload(db);
    throw stateError(path, cause);
  }
}

function store(step: Step, statements: Statements, events: EventStore): void {
  statements.putSource.run(step.source, step.cursor, step.normalizerState ?? null);
  statements.putMeta.run(sinkPositionKey, step.sinkPosition);
  for (const what of step.forget ?? []) events.forget(what);
  for (const event of step.addEvents ?? []) events.add(event);
  for (const [key, value] of step.sessionMeta ?? []) {
    if (value === null) statements.removeSession.run(key);
    else statements.putSession.run(key, value);
  }
  if (step.detection?.replace) statements.clearDetection.run();
  for (const row of step.detection?.append ?? []) statements.addDetection.run(row);
}

function loadProgress(row: Readonly<Record<string, unknown>> | undefined, sinkPosition: string | undefined): Progress {
  const cursor = text(row?.["cursor"]);
  const normalizerState = text(row?.["normalizer_state"]);
  return {
    ...(cursor !== undefined && { cursor }),
    ...(sinkPosition !== undefined && { sinkPosition }),
    ...(normalizerState !== undefined && { normalizerState }),
  };
}

function* readSessions(statement: StatementSync): IterableIterator<readonly [string, string]> {
  for (const row of statement.iterate()) yield [String(row["key"]), String(row["meta"])];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
