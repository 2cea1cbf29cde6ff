import path from "node:path";
import { describe, expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import type { Document, SourceRecord } from "../../src/sdk/document.ts";

const mappings = loadMappings(path.resolve(import.meta.dirname, "../../mappings")).filter(
  (m) => m.reader === undefined,
);
const readers = builtInReaders;

function recordOf(document: Document, line: number, container = "rows.ndjson"): SourceRecord {
  return { kind: "document", document, container, id: `line:${line}`, sequence: line };
}

function normalizeOne(document: Document) {
  const [result] = createNormalizer({ mappings, readers, source: "file" }).normalize([recordOf(document, 1)]);
  return result;
}

describe("normalizer", () => {
  it("reads the first non-blank of a plain row's fields, trimmed", () => {
    const result = normalizeOne({ cmdline: "  ", command: " id -u \n", raw: "no", session_id: "s1" });
    expect(result).toMatchObject({
      kind: "event",
      event: { text: "id -u", platform: "linux", sessionKeyFrom: "session_id" },
    });
  });

  it("takes a rendered Kubernetes row for what it is", () => {
    const text = "k8s_audit verb=get apiGroup=core resource=pods";
    expect(normalizeOne({ raw: text })).toMatchObject({ kind: "event", event: { platform: "k8s_audit", text } });
  });

  it("rejects a command that is no text, naming the field", () => {
    expect(normalizeOne({ cmdline: 5 })).toMatchObject({
      kind: "rejected",
      code: "mapping_wrong_type",
      field: "cmdline",
    });
  });

  it("rejects an unknown shape and an unreadable record, and goes on", () => {
    const bad = {
      kind: "unreadable",
      code: "json_invalid",
      reason: "No JSON.",
      container: "f",
      id: "line:1",
      sequence: 1,
      excerpt: "{",
    } as const;
    const normalizer = createNormalizer({ mappings, readers, source: "file" });
    const results = normalizer.normalize([bad, recordOf({ a: { b: 1 } }, 2), recordOf({ command: "ls" }, 3)]);
    expect(results.map((r) => (r.kind === "event" ? r.event.text : r.code))).toEqual([
      "json_invalid",
      "mapping_unknown_shape",
      "ls",
    ]);
    expect(results.map((r) => r.records[0]?.id)).toEqual(["line:1", "line:2", "line:3"]);
  });

  it("gives the same id on a replay, and another for the same text elsewhere", () => {
    const ids = [recordOf({ command: "ls" }, 1), recordOf({ command: "ls" }, 1), recordOf({ command: "ls" }, 2)].map(
      (record) => {
        const [result] = createNormalizer({ mappings, readers, source: "file" }).normalize([record]);
        return result?.kind === "event" ? result.event.id : "none";
      },
    );
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  it("keeps sessions of one number on two hosts apart, and marks a key it had to make up", () => {
    const keys = [{ host: "web-1", user: "a" }, { host: "web-2", user: "a" }, {}].map((more) => {
      const result = normalizeOne({ command: "ls", ...more });
      return result?.kind === "event" ? result.event.sessionKey : "none";
    });
    expect(keys).toEqual([
      "linux|web-1|fallback:host+user|a",
      "linux|web-2|fallback:host+user|a",
      "linux|rows.ndjson|fallback:container",
    ]);
  });

  it("cuts a text past the bound, not inside a character, and says so", () => {
    const normalizer = createNormalizer({ mappings, readers, source: "file", maxTextChars: 5 });
    const [result] = normalizer.normalize([recordOf({ command: "echo😀 long" }, 1)]);
    expect(result).toMatchObject({ kind: "event", event: { text: "echo", incomplete: true } });
  });

  it("makes a dead letter of a document that breaks a decoder, and goes on", () => {
    const breaking = {
      ...readers,
      renderers: new Map([
        [
          "k8s_audit",
          () => {
            throw new TypeError("cannot read this");
          },
        ],
      ]),
    };
    const normalizer = createNormalizer({ mappings, readers: breaking, source: "file" });
    const audit = { kind: "Event", apiVersion: "audit.k8s.io/v1", verb: "get", auditID: "a" };
    const results = normalizer.normalize([recordOf(audit, 1), recordOf({ command: "ls" }, 2)]);
    expect(results).toMatchObject([
      { kind: "rejected", code: "mapping_failed", reason: "A mapping failed: cannot read this." },
      { kind: "event" },
    ]);
  });
});
