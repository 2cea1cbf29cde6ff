import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAuditdReader } from "../../src/normalize/auditd/auditd-reader.ts";
import { renderGoAudit } from "../../src/normalize/auditd/render-go-audit.ts";
import { renderLaurel } from "../../src/normalize/auditd/render-laurel.ts";
import { renderLogRecord } from "../../src/normalize/auditd/render-log-record.ts";
import { renderWazuhAudit } from "../../src/normalize/auditd/render-wazuh.ts";
import { isObject } from "../../src/normalize/compile-path.ts";
import type { Document } from "../../src/sdk/document.ts";

const renderers = [renderLogRecord, renderLaurel, renderGoAudit, renderWazuhAudit];

/** Names and values that lead deep into the renderers. */
const names = ["ID", "NODE", "SYSCALL", "EXECVE", "ARGV", "ARGV_STR", "argc", "a0", "a1_len", "a1[0]", "msg", "exe"];
const more = ["auditd", "log", "auditd.log.a0", "sequence", "@timestamp", "event", "action", "process", "args", "user"];
const rest = ["messages", "timestamp", "type", "data", "uid_map", "audit", "execve", "full_log", "id", "__proto__"];
const keys = fc.oneof(fc.constantFrom(...names, ...more, ...rest), fc.string());
const leaf = fc.oneof(
  fc.constantFrom("1.1:1", "2026-01-02T03:04:05Z", "execve", "syscall", "EXECVE", "1", 1309, 'a0="x"', "type=A audit("),
  fc.constantFrom("[... 3 truncated arguments ...]", "<<< Skipped: args=9999999, bytes=1 >>>", "%25%", "^@", "\ud800"),
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const { document } = fc.letrec<{ value: unknown; document: Document }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("value"), { maxLength: 4 }), tie("document")),
  document: fc.dictionary(keys, tie("value"), { maxKeys: 8 }),
}));
/** Documents that the renderers take, with anything in them. */
const taken = fc.tuple(fc.nat(4), document).map(([which, inner]): Document => {
  const time = "2026-01-02T03:04:05.678Z";
  if (which === 0) return { ...inner, "@timestamp": time, auditd: { log: { ...inner, sequence: 1 } } };
  if (which === 1) return { ...inner, ID: "1.1:1", EXECVE: inner };
  if (which === 2) return { ...inner, sequence: 1, timestamp: 1, messages: [inner, { type: 1309, data: "a0=61" }] };
  if (which === 3) return { ...inner, timestamp: time, data: { audit: { ...inner, id: "1" } } };
  return { ...inner, ID: "1.1:1", PROCTITLE: inner, USER_CMD: [{ msg: inner }] };
});

/** What the reader makes of a text: arguments, and how many events. */
function read(text: string): { readonly events: number; readonly args: unknown; readonly title: unknown } {
  const reader = createAuditdReader({ wholeTexts: true });
  const results = reader.add({ container: "c", id: "1", sequence: 1 }, text);
  const [first] = results.flatMap((result) => (result.kind === "document" ? result.document["auditd_event"] : []));
  return {
    events: results.length,
    args: isObject(first) ? first["args"] : undefined,
    title: isObject(first) ? first["proctitle"] : undefined,
  };
}

/** Arguments as programs get them: no zero byte, and nothing that is no text. */
const argument = fc
  .oneof(
    fc.string({ unit: "grapheme", maxLength: 20 }),
    fc.constantFrom(
      'a" a1="b',
      "x type=USER_CMD msg=audit(1.1:2): cmd=6C73",
      "\n",
      "6C73",
      "%41%zz+",
      "",
      "(null)",
      "?",
    ),
  )
  .map((text) => text.replaceAll("\0", ""))
  .filter((text) => !/^(?:\[\.\.\.|<<<)/.test(text));
const args = fc.array(argument, { minLength: 1, maxLength: 12 });
const percent = (text: string) => text.replaceAll(/[%+]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);

describe("audit records written back as lines", () => {
  it("never throw and never give more events than one, whatever the document holds", () => {
    fc.assert(
      fc.property(fc.oneof(document, taken), (one) => {
        for (const render of renderers) {
          const text = render(one, one);
          // A log line in full_log is the shipper's own; what is written here holds one event.
          if (text === undefined || text === one["full_log"]) continue;
          expect(text.length).toBeLessThan(100_000);
          expect(read(text).events).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("keep every argument as it is, so that none can end its record or forge another", () => {
    const time = "2026-01-02T03:04:05.678Z";
    fc.assert(
      fc.property(args, (list) => {
        const log = { "@timestamp": time, auditd: { log: { sequence: 1 } }, process: { args: list }, event: {} };
        const laurel = { ID: "1.1:1", EXECVE: { ARGV: list.map(percent) } };
        const execve = Object.fromEntries(list.map((one, index) => [`a${index}`, one]).reverse());
        const wazuh = { timestamp: time, data: { audit: { id: "1", syscall: "59", execve } } };
        for (const text of [renderLogRecord(0, log), renderLaurel(0, laurel), renderWazuhAudit(0, wazuh)]) {
          expect(read(text ?? "")).toMatchObject({ events: 1, args: list });
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("keep the words of a process title", () => {
    fc.assert(
      fc.property(
        fc.array(
          argument.filter((text) => text !== ""),
          { minLength: 1, maxLength: 4 },
        ),
        (list) => {
          const line = renderLaurel(0, { ID: "1.1:1", PROCTITLE: { ARGV: list.map(percent) } });
          expect(read(line ?? "").title).toBe(list.join(" "));
        },
      ),
    );
  });

  it("stay small and quick on documents made to be large", () => {
    const many = Array.from({ length: 200_000 }, (_, index) => ({ type: 1309, data: `a${index}="x"` }));
    const long = "a".repeat(2_000_000);
    const started = performance.now();
    renderGoAudit(0, { sequence: 1, timestamp: "1.1", messages: many });
    for (const text of ["%41".repeat(600_000), "^@".repeat(900_000), '"'.repeat(900_000), long]) {
      read(renderLaurel(0, { ID: "1.1:1", EXECVE: { ARGV: [text] } }) ?? "");
      read(
        renderLogRecord(0, {
          "@timestamp": "2026-01-02T03:04:05Z",
          "auditd.log.sequence": 1,
          "process.args": [text],
        }) ?? "",
      );
    }
    expect(performance.now() - started).toBeLessThan(8_000);
  });
});
