import path from "node:path";
import { describe, expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer, type Normalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import type { Result } from "../../src/normalize/result.ts";
import type { Document, SourceRecord } from "../../src/sdk/document.ts";

const mappings = loadMappings(path.resolve(import.meta.dirname, "../../mappings")).filter((mapping) =>
  mapping.name.startsWith("auditd-"),
);
const create = (): Normalizer => createNormalizer({ mappings, readers: builtInReaders, source: "elasticsearch" });

interface Exec {
  readonly sequence: number;
  readonly second?: number;
  readonly host?: string;
  readonly args?: readonly string[];
}

/** The documents that Filebeat makes of one exec: SYSCALL, EXECVE, CWD, PROCTITLE. */
function documentsOf({ sequence, second = 5, host = "web-1", args = ["id", `-${sequence}`] }: Exec): Document[] {
  const time = new Date(Date.UTC(2026, 0, 2, 3, 0, second)).toISOString();
  const of = (action: string, log: object, rest: object = {}): Document => {
    return {
      "@timestamp": time,
      auditd: { log: { sequence, ...log } },
      event: { action },
      host: { name: host },
      ...rest,
    };
  };
  return [
    of(
      "syscall",
      { ses: "5", syscall: "59", success: "yes", items: "0", arch: "x86_64" },
      { process: { executable: "/usr/bin/id", pid: 9 }, user: { audit: { id: "1000" } } },
    ),
    of("execve", {}, { process: { args, executable: args[0] } }),
    of("cwd", {}, { process: { working_directory: "/" } }),
    of("proctitle", { proctitle: args.join("^@") }),
  ];
}

function recordsOf(documents: readonly Document[], from = 1): SourceRecord[] {
  return documents.map((document, index) => {
    const sequence = from + index;
    return { kind: "document", document, container: "filebeat-1", id: `d${sequence}`, sequence };
  });
}

/** Text, mark and document ids of each event; code and ids of the rest. */
function outline(results: readonly Result[]): string[] {
  return results.map((result) => {
    const ids = result.records.map((record) => record.id.slice(1)).join(",");
    if (result.kind !== "event") return `${result.code} ${ids}`;
    return `${result.event.text}${result.event.incomplete === true ? " (incomplete)" : ""} ${ids}`;
  });
}

/** Takes one document of each event in turn. */
function interleave(events: readonly (readonly Document[])[]): Document[] {
  return [0, 1, 2, 3].flatMap((place) => events.map((documents) => documents[place] ?? {}));
}

describe("audit records in documents of their own", () => {
  it("become one event with the arguments of one and the session of another, at once when it is whole", () => {
    const normalizer = create();
    const counts = recordsOf(documentsOf({ sequence: 1 })).map((record) => normalizer.normalize([record]).length);
    expect(counts).toEqual([0, 0, 0, 1]);
    const [event] = create().normalize(recordsOf(documentsOf({ sequence: 1 })));
    expect(event).toMatchObject({
      event: { text: "id -1", user: "1000", executable: "/usr/bin/id", sessionKey: "linux|web-1|ses|5" },
    });
  });

  it("are joined when they interleave or come in another order", () => {
    const events = [1, 2, 3].map((sequence) => documentsOf({ sequence }));
    expect(outline(create().normalize(recordsOf(interleave(events))))).toEqual([
      "id -1 1,4,7,10",
      "id -2 2,5,8,11",
      "id -3 3,6,9,12",
    ]);
    const reversed = [...documentsOf({ sequence: 4 })].reverse();
    expect(outline(create().normalize(recordsOf(reversed)))).toEqual(["id -4 1,2,3,4"]);
  });

  it("are joined when one argument, or the border between two, is where a record ends", () => {
    const [syscall = {}, execve = {}, cwd = {}, title = {}] = documentsOf({
      sequence: 1,
      args: ["sh", "-c", "echo one"],
    });
    const rest = (...args: string[]): Document => ({ ...execve, process: { args } });
    const within = rest("[... 2 truncated arguments ...]", " two", "x");
    const between = rest("[... 3 truncated arguments ...]", "x y");
    const read = (more: Document) => outline(create().normalize(recordsOf([syscall, execve, more, cwd, title])));
    expect(read(within)).toEqual(["sh -c echo one two x 1,2,3,4,5"]);
    expect(read(between)).toEqual(["sh -c echo one x y 1,2,3,4,5"]);
  });

  it("of two hosts with the same time and sequence stay apart", () => {
    const events = ["web-1", "web-2"].map((host) => documentsOf({ sequence: 1, host, args: [host] }));
    const results = create().normalize(recordsOf(interleave(events)));
    expect(outline(results)).toEqual(["web-1 1,3,5,7", "web-2 2,4,6,8"]);
    expect(results.map((result) => result.kind === "event" && result.event.host)).toEqual(["web-1", "web-2"]);
  });

  it("give an incomplete event when a part never comes, once event time or later events show it", () => {
    const [syscall = {}, execve = {}, cwd = {}] = documentsOf({ sequence: 1 });
    const later = documentsOf({ sequence: 2, second: 9 });
    const lostSyscall = create().normalize(recordsOf([execve, cwd, ...later]));
    expect(outline(lostSyscall)).toEqual(["id -1 (incomplete) 1,2", "id -2 3,4,5,6"]);
    const lostExecve = create().normalize(recordsOf([syscall, cwd, ...later]));
    expect(outline(lostExecve)).toEqual(["/usr/bin/id (incomplete) 1,2", "id -2 3,4,5,6"]);
    const sameTime = Array.from({ length: 130 }, (_, index) => documentsOf({ sequence: 10 + index })[1] ?? {});
    const byCount = create().normalize(recordsOf([execve, ...sameTime]));
    expect(outline(byCount)[0]).toBe("id -1 (incomplete) 1");
  });

  it("are no second event when they come late, nor when the source gives them twice", () => {
    const normalizer = create();
    const [syscall = {}, execve = {}, cwd = {}, title = {}] = documentsOf({ sequence: 1 });
    const later = documentsOf({ sequence: 2, second: 9 });
    normalizer.normalize(recordsOf([execve, ...later]));
    normalizer.normalize(recordsOf([syscall, cwd], 20));
    expect(outline(normalizer.flush())).toEqual(["auditd_record_late 20,21"]);

    const repeated = create();
    const [first, second] = recordsOf([syscall, execve]);
    const records = [first, second, first, second].flatMap((one) => one ?? []);
    expect(outline(repeated.normalize(records))).toEqual(["auditd_record_repeated 1", "auditd_record_repeated 2"]);
    expect(outline(repeated.normalize(recordsOf([cwd, title], 3)))).toEqual(["id -1 1,2,3,4"]);
  });

  it("are the same event again when all of it is read again", () => {
    const normalizer = create();
    const ids = [0, 1]
      .flatMap(() => normalizer.normalize(recordsOf(documentsOf({ sequence: 1 }))))
      .map((result) => {
        return result.kind === "event" ? result.event.id : result.code;
      });
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it("are given out though their stream goes on in another index, once enough other events were read", () => {
    const normalizer = create();
    const [, execve = {}] = documentsOf({ sequence: 1 });
    normalizer.normalize(recordsOf([execve]));
    const others = Array.from({ length: 17_000 }, (_, index) => {
      return { kind: "document", container: "filebeat-2", id: `x${index}`, sequence: index } as const;
    });
    const results = others.flatMap((record, index) => {
      const [syscall = {}] = documentsOf({ sequence: 100 + index });
      return normalizer.normalize([{ ...record, document: { ...syscall, "auditd.log.node": "n" } }]);
    });
    expect(outline(results)).toContain("id -1 (incomplete) 1");
  });

  it("are given out at the end of input, and nothing twice", () => {
    const normalizer = create();
    const [, execve] = documentsOf({ sequence: 1 });
    expect(normalizer.normalize(recordsOf([execve ?? {}]))).toEqual([]);
    expect(outline(normalizer.flush())).toEqual(["id -1 (incomplete) 1"]);
    expect(normalizer.flush()).toEqual([]);
  });

  it("wait in bounded number and size", () => {
    const normalizer = create();
    let largest = 0;
    for (let batch = 0; batch < 40; batch += 1) {
      const lone = Array.from({ length: 250 }, (_, index) => {
        return documentsOf({ sequence: batch * 250 + index, host: `web-${index}`, args: ["x".repeat(2_000)] })[1] ?? {};
      });
      normalizer.normalize(recordsOf(lone, batch * 250));
      largest = Math.max(largest, normalizer.state().length);
    }
    expect(largest).toBeLessThan(2_100 * 2_500);
  });

  it.each([1, 2, 3, 5, 8, 11])("are joined as if nothing had happened after a restart at document %i", (cut) => {
    const records = recordsOf(interleave([1, 2, 3].map((sequence) => documentsOf({ sequence }))));
    const straight = create();
    const expected = [...straight.normalize(records), ...straight.flush()];
    const before = create();
    const first = before.normalize(records.slice(0, cut));
    const after = create();
    after.restore(before.state());
    const results = [...first, ...after.normalize(records.slice(cut)), ...after.flush()];
    expect(results.flatMap((result) => (result.kind === "event" ? result.event : []))).toEqual(
      expected.flatMap((result) => (result.kind === "event" ? result.event : [])),
    );
  });

  it("give the same event ids in every run, and others for other events", () => {
    const run = () =>
      create()
        .normalize(recordsOf(interleave([1, 2].map((sequence) => documentsOf({ sequence })))))
        .flatMap((result) => (result.kind === "event" ? result.event.id : []));
    expect(run()).toEqual(run());
    expect(new Set(run()).size).toBe(2);
  });
});
