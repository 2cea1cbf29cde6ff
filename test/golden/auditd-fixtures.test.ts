import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createAuditdReader } from "../../src/normalize/auditd/auditd-reader.ts";
import type { ReaderResult } from "../../src/normalize/record-reader.ts";

const root = path.resolve(import.meta.dirname, "../../../shared/data/fixtures");
const raw = path.join(root, "auditd_raw");
const integration = path.join(root, "auditd_integration");

const eventSchema = z.looseObject({
  kind: z.string(),
  incomplete: z.boolean(),
  args: z.array(z.string()).optional(),
  proctitle: z.string().optional(),
});
function readLines(text: string): ReaderResult[] {
  const reader = createAuditdReader();
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const given = lines.flatMap((line, index) =>
    reader.add({ container: "f", id: `line:${index}`, sequence: index }, line.trim()),
  );
  return [...given, ...reader.flush()];
}

function eventsOf(text: string): z.infer<typeof eventSchema>[] {
  return readLines(text).flatMap((result) =>
    result.kind === "document" ? [eventSchema.parse(result.document["auditd_event"])] : [],
  );
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

describe("auditd reader on real records (skipped where ../shared is absent)", () => {
  it.skipIf(!existsSync(integration))("agrees with the Elastic pipelines on single EXECVE lines", () => {
    const read = (name: string) => readFileSync(path.join(integration, name), "utf8");
    const short = z
      .object({ event: z.object({ original: z.string() }), process: z.object({ args: z.array(z.string()) }) })
      .parse(JSON.parse(read("truncated_execve_short.expected.json")));
    const [hex] = z
      .array(z.looseObject({ "event.original": z.string(), "process.args": z.array(z.string()) }))
      .parse(JSON.parse(read("beats_execve-hex-arg.expected.json")));
    expect(eventsOf(short.event.original)[0]?.args).toEqual(short.process.args);
    expect(eventsOf(hex?.["event.original"] ?? "")[0]?.args).toEqual(hex?.["process.args"]);
  });

  it.skipIf(!existsSync(raw))("reads the same events from shuffled, lossless and reordered logs", () => {
    const lines = (name: string) => readFileSync(path.join(raw, "go_libaudit_reassembler", name), "utf8");
    const execs = eventsOf(lines("normal.log")).filter((event) => event.kind === "exec");
    expect(execs.map((event) => event.args?.[0])).toEqual(["grep", "cat"]);
    expect(eventsOf(lines("lost_messages.log")).filter((event) => event.kind === "exec")).toEqual(execs);
  });

  it.skipIf(!existsSync(raw))("accounts for every line of every file, and gives every whole exec its arguments", () => {
    for (const file of files(raw)) {
      const text = readFileSync(file, "utf8");
      const results = readLines(text);
      const seen = new Set(results.flatMap((result) => result.records.map((record) => record.id)));
      expect(seen.size, file).toBe(text.split("\n").filter((line) => line.trim() !== "").length);
      for (const event of eventsOf(text))
        if (event.kind === "exec" && !event.incomplete) expect(event.args?.length, file).toBeGreaterThan(0);
    }
  });
});
