import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { corruptState, stateError } from "./state-error.ts";

/** Marks a SQLite file as a Tagsmith state ("tgsm"). */
const applicationId = 0x7467736d;

/** Each entry lifts the schema by one version; entry 0 makes a new state. */
const migrations: readonly string[] = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE source (name TEXT PRIMARY KEY, cursor TEXT NOT NULL, normalizer_state TEXT) WITHOUT ROWID;
   CREATE TABLE session (key TEXT PRIMARY KEY, meta TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE session_event (
     n INTEGER PRIMARY KEY, session_key TEXT NOT NULL, time_ms REAL NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL,
     host TEXT, user TEXT, platform TEXT NOT NULL, labels BLOB NOT NULL
   );`,
  "CREATE TABLE detection (n INTEGER PRIMARY KEY, row TEXT NOT NULL);",
];

/**
 * Opens, locks, checks and migrates the database of a state.
 *
 * WAL with `synchronous = FULL`: a commit that returned survives a killed process and a power loss. The exclusive lock
 * lasts until the connection closes or its process ends, however it ends.
 */
export function openDatabase(path: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
    db = new DatabaseSync(path);
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    db.exec("BEGIN IMMEDIATE");
    checkIntegrity(db, path);
    migrate(db, path);
    db.exec("COMMIT");
    return db;
  } catch (cause) {
    db?.close();
    throw stateError(path, cause);
  }
}

function checkIntegrity(db: DatabaseSync, path: string): void {
  const verdict = String(db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]);
  if (verdict !== "ok") throw corruptState(path, verdict);
}

function migrate(db: DatabaseSync, path: string): void {
  const version = pragma(db, "user_version");
  const owner = pragma(db, "application_id");
  if (owner !== applicationId && (owner !== 0 || version !== 0 || countTables(db) > 0)) {
    throw new TagsmithError("state_foreign", `${path}: this SQLite file was not written by Tagsmith.`, "exit");
  }
  if (version > migrations.length) {
    const found = `${path}: the state has version ${version}, this program knows ${migrations.length}.`;
    throw new TagsmithError("state_version_newer", `${found} Use the newer program, or move the file away.`, "exit");
  }
  for (const statement of migrations.slice(version)) db.exec(statement);
  db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length};`);
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function countTables(db: DatabaseSync): number {
  return Number(db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"]);
}
