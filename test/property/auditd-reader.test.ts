import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createAuditdReader } from "../../src/normalize/auditd/auditd-reader.ts";
import { parseAuditRecord } from "../../src/normalize/auditd/parse-record.ts";
import type { ReaderResult, RecordReader } from "../../src/normalize/record-reader.ts";

const marks = [
  "type=",
  "msg=audit(",
  "1.1:1)",
  ":",
  " ",
  '"',
  "'",
  "=",
  "EXECVE",
  "SYSCALL",
  "a0",
  "[1]",
  "_len",
  "argc",
  "\n",
  "\u001d",
  "{",
  "AUID=",
  "ff",
  "node=x ",
];
const recordLike = fc
  .array(fc.oneof(fc.constantFrom(...marks), fc.string({ maxLength: 5 })), { maxLength: 60 })
  .map((parts) => parts.join(""));
const anyText = fc.oneof(
  recordLike,
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("latin1")),
);

/** The records of one synthetic exec, in the order the kernel writes them. */
function execRecords(serial: number, args: readonly string[], end: boolean): string[] {
  const stamp = `msg=audit(1700000000.${String(serial % 1000).padStart(3, "0")}:${serial})`;
  const hex = args.map((arg, index) => `a${index}=${Buffer.from(` ${arg}`).toString("hex").toUpperCase()}`);
  return [
    `type=SYSCALL ${stamp}: arch=c000003e syscall=59 success=yes exit=0 items=1 ppid=1 pid=${serial} auid=1000 uid=0 tty=pts0 ses=7 comm="x" exe="/x" key=(null)`,
    `type=EXECVE ${stamp}: argc=${args.length} ${hex.slice(0, 1).join(" ")}`,
    ...(hex.length > 1 ? [`type=EXECVE ${stamp}: ${hex.slice(1).join(" ")}`] : []),
    `type=CWD ${stamp}: cwd="/"`,
    `type=PATH ${stamp}: item=0 name="/x"`,
    `type=PROCTITLE ${stamp}: proctitle="x"`,
    ...(end ? [`type=EOE ${stamp}: `] : []),
  ];
}

const events = fc
  .array(
    fc.record({
      args: fc.array(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
      end: fc.boolean(),
      lost: fc.integer({ min: -12, max: 5 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((list) =>
    list.map(({ args, end, lost }, serial) => execRecords(serial + 1, args, end).filter((_, index) => index !== lost)),
  );

/** Takes the next record of the event that each choice names, so that order within an event stays. */
function interleave(lists: readonly (readonly string[])[], choices: readonly number[]): string[] {
  const left = lists.map((list) => [...list]);
  const taken: string[] = [];
  let turn = 0;
  while (left.some((list) => list.length > 0)) {
    const open = left.filter((list) => list.length > 0);
    const next = open[(choices[turn % choices.length] ?? 0) % open.length]?.shift();
    if (next !== undefined) taken.push(next);
    turn += 1;
  }
  return taken;
}

function feed(reader: RecordReader, lines: readonly string[], from = 0): ReaderResult[] {
  return lines.flatMap((line, index) => reader.add({ container: "f", id: line, sequence: from + index }, line));
}

function documents(results: readonly ReaderResult[]): string[] {
  return results.flatMap((result) => (result.kind === "document" ? [JSON.stringify(result.document)] : [])).sort();
}

function readAll(lines: readonly string[]): ReaderResult[] {
  const reader = createAuditdReader();
  return [...feed(reader, lines), ...reader.flush()];
}

const choices = fc.array(fc.nat(20), { minLength: 1, maxLength: 40 });

describe("auditd reader, whatever comes", () => {
  it("takes any text, accounts for it, and never throws", () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 8 }), (texts) => {
        const reader = createAuditdReader({ maxPending: 3, maxLineChars: 80 });
        const results = texts.flatMap((text, sequence) =>
          reader.add({ container: "f", id: `${sequence}`, sequence }, text),
        );
        const all = [...results, ...reader.flush()];
        expect(new Set(all.flatMap((result) => result.records.map((record) => record.id))).size).toBe(texts.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it("holds no more than its bounds, whatever comes, and says so in its state", () => {
    const stateSchema = z.looseObject({
      given: z.array(z.string()),
      streams: z.array(z.unknown()),
      groups: z.array(z.looseObject({ lines: z.array(z.looseObject({ line: z.string() })) })),
    });
    const line = fc
      .tuple(fc.nat(9), fc.constantFrom("SYSCALL", "EXECVE", "PATH"), fc.nat(200))
      .map(([at, type, size]) => {
        return `type=${type} msg=audit(17000000${at}.000:${at}): argc=9 a0="${"x".repeat(size)}"`;
      });
    fc.assert(
      fc.property(fc.array(fc.oneof(line, anyText), { maxLength: 60 }), (lines) => {
        const reader = createAuditdReader({ maxPending: 3, maxPendingChars: 600, maxGiven: 4 });
        lines.forEach((text, sequence) => {
          reader.add({ container: "f", id: `${sequence}`, sequence }, text);
          const state = stateSchema.parse(JSON.parse(reader.pending()));
          const chars = state.groups.flatMap((group) => group.lines.map((one) => one.line.length));
          expect(state.groups.length).toBeLessThanOrEqual(3);
          expect(state.streams.length).toBeLessThanOrEqual(3);
          expect(state.given.length).toBeLessThanOrEqual(4);
          expect(chars.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(600);
        });
      }),
    );
  });

  it("parses any line into a record or a reason", () => {
    fc.assert(
      fc.property(anyText, (line) => ["record", "unparsable"].includes(parseAuditRecord(line).kind)),
      { numRuns: 1_000 },
    );
  });

  it("gives the same events from any interleaving as from records in order", () => {
    fc.assert(
      fc.property(events, choices, (lists, order) => {
        expect(documents(readAll(interleave(lists, order)))).toEqual(documents(readAll(lists.flat())));
      }),
    );
  });

  it("goes on after pending and restore at any point as if nothing had happened", () => {
    fc.assert(
      fc.property(events, choices, fc.nat(80), (lists, order, cut) => {
        const lines = interleave(lists, order);
        const at = cut % (lines.length + 1);
        const first = createAuditdReader();
        const before = feed(first, lines.slice(0, at));
        const second = createAuditdReader();
        second.restore(first.pending());
        expect(second.pending()).toBe(first.pending());
        const after = [...feed(second, lines.slice(at), at), ...second.flush()];
        expect([...before, ...after]).toEqual(readAll(lines));
      }),
    );
  });

  it("reads the kernel's records of one event in any order", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }), (order) => {
        const records = execRecords(1, ["a", "b"], false);
        const shuffled = order.map((place) => records[place] ?? "");
        const [result, ...others] = readAll(shuffled);
        expect(others).toEqual([]);
        expect(result).toMatchObject({
          kind: "document",
          document: { auditd_event: { args: [" a", " b"], incomplete: false } },
        });
      }),
    );
  });

  it("stays linear on hostile lines of a million characters", () => {
    for (const part of ["audit(", 'a0="', "a=", "type=A msg=audit(1.1:1) ", "'", "=", "{", "AUID="]) {
      const line = `type=SYSCALL msg=audit(1.1:1): ${part.repeat(1_000_000 / part.length)}`;
      const results = readAll([line]);
      expect(results.length).toBeGreaterThan(0);
    }
  }, 20_000);

  it("refuses a state it did not write", () => {
    for (const state of ["", "{}", "[]", '{"version":1,"opened":0,"streams":[],"groups":[{}]}']) {
      expect(() => createAuditdReader().restore(state)).toThrowError(/cannot be restored/);
    }
  });
});
