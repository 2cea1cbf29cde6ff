import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { createAuditdReader } from "../../src/normalize/auditd/auditd-reader.ts";
import { decodedValue } from "../../src/normalize/auditd/decode-value.ts";
import { parseAuditRecord } from "../../src/normalize/auditd/parse-record.ts";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";

const raw = path.resolve(import.meta.dirname, "../../../shared/data/fixtures/auditd_raw");
const coalesce = path.join(raw, "go_libaudit_coalesce");
const records = path.join(raw, "go_libaudit_parse");
const mappings = loadMappings(path.resolve(import.meta.dirname, "../../mappings"));

const processSchema = z.looseObject({
  args: z.array(z.string()).optional(),
  title: z.string().optional(),
  exe: z.string().optional(),
  cwd: z.string().optional(),
  pid: z.string().optional(),
  ppid: z.string().optional(),
});
const eventSchema = z.looseObject({
  "@timestamp": z.string(),
  session: z.string().optional(),
  record_type: z.string(),
  result: z.string().optional(),
  summary: z.looseObject({ action: z.string().optional() }),
  user: z.looseObject({ ids: z.record(z.string(), z.string()).optional() }).optional(),
  process: processSchema.optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});
type GoldenEvent = z.infer<typeof eventSchema>;
const goldenSchema = z.array(z.looseObject({ test_name: z.string(), event: eventSchema }));
const inputSchema = z.object({ tests: z.record(z.string(), z.string()) });
const recordSchema = z.array(
  z.looseObject({
    record_type: z.string(),
    raw_msg: z.string(),
    data: z.record(z.string(), z.unknown()).optional(),
  }),
);

interface Case {
  readonly name: string;
  readonly event: GoldenEvent;
  /** The lines, where the fixtures hold them: of some files they have the expected events alone. */
  readonly lines: string | undefined;
}

function goldenCases(): Case[] {
  return readdirSync(coalesce)
    .filter((name) => name.endsWith(".json.golden"))
    .flatMap((file) => {
      const input = path.join(coalesce, file.replace(".json.golden", ".yaml"));
      const tests = existsSync(input) ? inputSchema.parse(parse(readFileSync(input, "utf8"))).tests : undefined;
      const golden = goldenSchema.parse(JSON.parse(readFileSync(path.join(coalesce, file), "utf8")));
      if (tests !== undefined) expect(golden.map((one) => one.test_name).sort()).toEqual(Object.keys(tests).sort());
      return golden.map((one) => ({ name: one.test_name, event: one.event, lines: tests?.[one.test_name] }));
    });
}

/** Theirs and ours by the same names; what only one of them has to say for an unset value is left out. */
function theirs({ process = {}, session, user }: GoldenEvent): Record<string, unknown> {
  const set = (text: string | undefined) => (text === "unset" || text === "" ? undefined : text);
  const { args, title, exe, cwd, pid, ppid } = process;
  const { auid, uid } = user?.ids ?? {};
  return { args, proctitle: title, exe, cwd, pid, ppid, ses: set(session), auid: set(auid), uid: set(uid) };
}

function ours(lines: string): Record<string, unknown> {
  const reader = createAuditdReader();
  const given = lines
    .split("\n")
    .filter((line) => line.trim() !== "")
    .flatMap((line, sequence) => reader.add({ container: "f", id: `line:${sequence}`, sequence }, line.trim()));
  const documents = [...given, ...reader.flush()].filter((result) => result.kind === "document");
  expect(documents).toHaveLength(1);
  return z.record(z.string(), z.unknown()).parse(documents[0]?.document["auditd_event"]);
}

/** The document that Auditbeat writes of a golden event. */
function auditbeatDocument(event: GoldenEvent): Record<string, unknown> {
  const { process = {}, summary, session, result, data, record_type: type } = event;
  const { exe, ppid, ...rest } = process;
  return {
    "@timestamp": event["@timestamp"],
    auditd: { data, session, result, summary, message_type: type },
    event: { module: "auditd", action: summary.action },
    process: { ...rest, executable: exe, parent: { pid: ppid } },
    user: { audit: { id: event.user?.ids?.["auid"] } },
  };
}

describe("what go-libaudit reads (skipped where ../shared is absent)", () => {
  it.skipIf(!existsSync(coalesce))("is what we read, in every case whose lines are there", () => {
    const compared = goldenCases().filter(({ lines }) => lines !== undefined);
    expect(compared.length).toBeGreaterThan(8);
    for (const { name, event, lines = "" } of compared) {
      const mine = ours(lines);
      for (const [field, value] of Object.entries(theirs(event))) {
        if (value !== undefined) expect(mine[field], `${name}: ${field}`).toEqual(value);
      }
      expect(mine["kind"] === "exec", name).toBe(event.summary.action === "executed");
    }
  });

  it.skipIf(!existsSync(coalesce))(
    "gives, as Auditbeat writes it, an event for every start of a program and no other",
    () => {
      const cases = goldenCases();
      expect(cases.length).toBeGreaterThan(32);
      for (const { name, event } of cases) {
        const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "test" });
        const document = auditbeatDocument(event);
        const [result] = normalizer.normalize([{ kind: "document", document, container: "c", id: "1", sequence: 1 }]);
        if (event.process?.args === undefined)
          expect(result, name).toMatchObject({ kind: "skipped", code: "not_execution" });
        else expect(result, name).toMatchObject({ kind: "event", event: { text: event.process.args.join(" ") } });
      }
    },
  );

  it.skipIf(!existsSync(records))("has the same arguments, commands and titles in every single record", () => {
    let compared = 0;
    for (const file of readdirSync(records).filter((name) => name.endsWith(".golden"))) {
      for (const record of recordSchema.parse(JSON.parse(readFileSync(path.join(records, file), "utf8")))) {
        const parsed = parseAuditRecord(`type=${record.record_type.toUpperCase()} msg=${record.raw_msg}`);
        const fields = parsed.kind === "record" ? parsed.fields : new Map<string, string>();
        const isExec = record.record_type === "execve";
        for (const [name, value] of Object.entries(record.data ?? {})) {
          if (!["cmd", "proctitle", "exe", "comm", "cwd", "name"].includes(name) && !(isExec && /^a\d+$/.test(name)))
            continue;
          expect(decodedValue(fields.get(name))?.replaceAll("\0", " "), `${record.raw_msg} ${name}`).toBe(value);
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(30);
  });
});
