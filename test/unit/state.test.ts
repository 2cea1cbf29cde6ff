import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openState, type State } from "../../src/state/open-state.ts";
import type { StoredEvent } from "../../src/state/stored-event.ts";

let folder: string;
let file: string;
const open: State[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tagsmith-state-"));
  file = path.join(folder, "state.db");
});

afterEach(() => {
  for (const state of open.splice(0)) state.close();
  rmSync(folder, { recursive: true, force: true });
});

function opened(at = file): State {
  const state = openState(at);
  open.push(state);
  return state;
}

function event(sessionKey: string, n: number): StoredEvent {
  return { sessionKey, id: `e${n}`, timeMs: 1_000.25 + n, sequence: n, platform: "linux", labels: [[360, 0.1 + 0.2]] };
}

const step = { source: "file", cursor: "c1", sinkPosition: "p1" };

describe("the state", () => {
  it("gives back after a restart what a step stored", () => {
    const full: StoredEvent = { ...event("s", 1), host: "web-1", user: "root" };
    opened().commit({ ...step, normalizerState: "n1", sessionMeta: [["s", "{}"]], addEvents: [full, event("s", 2)] });
    open.splice(0)[0]?.close();
    const state = opened();
    expect(state.load("file")).toEqual({ cursor: "c1", sinkPosition: "p1", normalizerState: "n1" });
    expect([...state.sessionMeta()]).toEqual([["s", "{}"]]);
    expect([...state.sessionKeys()]).toEqual(["s"]);
    expect(state.eventsOf("s")).toEqual([full, event("s", 2)]);
  });

  it("knows nothing on a first run", () => {
    expect(opened().load("file")).toEqual({});
    expect(opened(":memory:").eventsOf("s")).toEqual([]);
  });

  it("keeps the cursors of several sources apart", () => {
    const state = opened();
    state.commit(step);
    state.commit({ ...step, source: "other", cursor: "c2", sinkPosition: "p2" });
    expect(state.load("file")).toEqual({ cursor: "c1", sinkPosition: "p2" });
    expect(state.load("other")).toEqual({ cursor: "c2", sinkPosition: "p2" });
  });

  it("keeps the normalizer's state of a step that does not change it", () => {
    const state = opened();
    state.commit({ ...step, normalizerState: "n1" });
    state.commit({ ...step, cursor: "c2" });
    expect(state.load("file").normalizerState).toBe("n1");
  });

  it("returns events in event order, however they came", () => {
    const state = opened();
    state.commit({ ...step, addEvents: [event("s", 3), event("s", 1)] });
    state.commit({ ...step, addEvents: [event("s", 2)] });
    expect(state.eventsOf("s").map(({ id }) => id)).toEqual(["e1", "e2", "e3"]);
  });

  it("forgets sessions, segments and single events", () => {
    const state = opened();
    state.commit({ ...step, addEvents: [1, 2, 3, 4].flatMap((n) => [event("s", n), event("t", n), event("u", n)]) });
    state.commit({
      ...step,
      forget: [
        { kind: "session", sessionKey: "s" },
        { kind: "until", sessionKey: "t", until: event("t", 2) },
        { kind: "events", sessionKey: "u", ids: ["e1", "e4"] },
        { kind: "session", sessionKey: "unknown" },
      ],
      sessionMeta: [["s", null]],
    });
    const ids = (key: string) => state.eventsOf(key).map(({ id }) => id);
    expect([ids("s"), ids("t"), ids("u")]).toEqual([[], ["e3", "e4"], ["e2", "e3"]]);
    expect([...state.sessionKeys()]).toEqual(["t", "u"]);
  });

  it("stores nothing of a step that fails", () => {
    const state = opened();
    state.commit({ ...step, addEvents: [event("s", 1)] });
    const failing = function* () {
      yield event("s", 2);
      throw new Error("gone wrong");
    };
    const forget = [{ kind: "session", sessionKey: "s" }] as const;
    expect(() => state.commit({ ...step, cursor: "c2", forget, addEvents: failing() })).toThrow("gone wrong");
    expect(state.load("file").cursor).toBe("c1");
    expect(state.eventsOf("s")).toEqual([event("s", 1)]);
    state.commit({ ...step, cursor: "c3", addEvents: [event("s", 3)] });
    expect(state.eventsOf("s").map(({ id }) => id)).toEqual(["e1", "e3"]);
  });

  it("keeps hostile text and numbers", () => {
    const state = opened();
    const key = "a\0b'\"\u{1f600}";
    const hostile: StoredEvent = { ...event(key, 1), id: "\0", sequence: 2 ** 50, timeMs: -0.5, labels: [] };
    state.commit({ ...step, addEvents: [hostile], sessionMeta: [[key, "\0"]] });
    expect(state.eventsOf(key)).toEqual([hostile]);
    expect([...state.sessionMeta()]).toEqual([[key, "\0"]]);
  });

  it("finds a session whose key is no valid Unicode again after a restart", () => {
    opened().commit({ ...step, addEvents: [event("a\ud800", 1)] });
    open.splice(0)[0]?.close();
    expect(opened().eventsOf("a\ud800")).toHaveLength(1);
  });

  it("keeps free facts", () => {
    const state = opened();
    state.putMeta("model", "m@1");
    expect(state.meta("model")).toBe("m@1");
    expect(state.meta("other")).toBeUndefined();
  });

  it("closes twice", () => {
    const state = opened();
    state.close();
    state.close();
  });
});

describe("a state file that cannot be used", () => {
  const codeOf = (use: () => unknown) => {
    try {
      use();
    } catch (error) {
      return error instanceof Error && "code" in error ? error.code : String(error);
    }
    return "none";
  };

  it("is refused while another run has it", () => {
    opened();
    expect(codeOf(() => opened())).toBe("state_locked");
  });

  it("is refused when it is no database", () => {
    writeFileSync(file, "this is not a database, and long enough to be looked at ".repeat(100));
    expect(codeOf(() => opened())).toBe("state_corrupt");
  });

  it("is refused when its pages are damaged", () => {
    const addEvents = Array.from({ length: 2_000 }, (_, n) => event(`s${n % 7}`, n));
    opened().commit({ ...step, addEvents });
    open.splice(0)[0]?.close();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, 20_480, bytes.length - 4_096));
    expect(codeOf(() => opened())).toBe("state_corrupt");
  });

  it("is refused when a newer program wrote it", () => {
    opened();
    open.splice(0)[0]?.close();
    const db = new DatabaseSync(file);
    db.exec("PRAGMA user_version = 99");
    db.close();
    expect(codeOf(() => opened())).toBe("state_version_newer");
  });

  it("is refused when another program wrote it", () => {
    const db = new DatabaseSync(file);
    db.exec("CREATE TABLE notes (text TEXT)");
    db.close();
    expect(codeOf(() => opened())).toBe("state_foreign");
  });

  it("is refused where no file can be made", () => {
    writeFileSync(path.join(folder, "plain"), "");
    expect(codeOf(() => opened(path.join(folder, "plain", "state.db")))).toBe("state_unwritable");
  });
});
