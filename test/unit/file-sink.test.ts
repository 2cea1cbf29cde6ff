import { link, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSinkConfigSchema } from "../../connectors/file/config.ts";
import { createFileSink } from "../../connectors/file/sink.ts";
import type { Event, LabelledEvent, Output, Sink } from "../../src/sdk/index.ts";
import { labelledEvent, verdict } from "../contract/check-sink.ts";

let folder: string;
const open: Sink[] = [];
const { signal } = new AbortController();

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "tagsmith-sink-"));
});

afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close();
  await rm(folder, { recursive: true });
});

const at = (name: string) => path.join(folder, name);

function sinkOn(extra: Readonly<Record<string, unknown>> = {}): Sink {
  const paths = { labels: at("labels"), verdicts: at("verdicts"), dead_letters: at("dead") };
  const sink = createFileSink(fileSinkConfigSchema.parse({ ...paths, ...extra }), { model: "m@1" });
  open.push(sink);
  return sink;
}

const output = (some: Partial<Output>): Output => ({ labels: [], verdicts: [], deadLetters: [], ...some });

async function lineOf(labelled: LabelledEvent): Promise<unknown> {
  const sink = sinkOn({ overwrite: true });
  await sink.open(undefined);
  await sink.write(output({ labels: [labelled] }), signal);
  return JSON.parse(await readFile(at("labels"), "utf8"));
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error: { code?: string }) => error.code,
  );

const full = labelledEvent("e1", "ls -la");
const withEvent = (some: Partial<Event>): LabelledEvent => ({ ...full, event: { ...full.event, ...some } });

describe("a label line", () => {
  it("holds the event, its labels, their scores and the pivots", async () => {
    const labelled = withEvent({
      executable: "/bin/ls",
      parent: "/bin/bash",
      incomplete: true,
      facts: { code: "403" },
    });
    expect(await lineOf(labelled)).toEqual({
      "@timestamp": "2026-01-01T00:00:00.000Z",
      event: { kind: "enrichment", id: "e1" },
      tagsmith: {
        event_id: "e1",
        text: "ls -la",
        platform: "linux",
        session: { key: "web-1|root", key_from: "fallback:host+user" },
        top_labels: full.topLabels,
        tags: ["tag_a"],
        score: { tag_a: 0.75, tag_b: 0.5 },
        mapping: "plain@1",
        model: "m@1",
        origin: { source: "test", container: "test", document: "e1" },
        incomplete: true,
        facts: { code: "403" },
        process: { executable: "/bin/ls", parent: { executable: "/bin/bash" } },
      },
      host: { name: "web-1" },
      user: { name: "root" },
    });
  });

  it("leaves out what the event does not have", async () => {
    const { timeMs: _time, host: _host, user: _user, ...bare } = full.event;
    const line = await lineOf({ event: bare, topLabels: [], tags: [] });
    expect(line).toMatchObject({ tagsmith: { top_labels: [], tags: [], score: {} } });
    for (const field of ["@timestamp", "host", "user"]) expect(line).not.toHaveProperty([field]);
    for (const field of ["process", "orchestrator", "facts"]) expect(line).not.toHaveProperty(["tagsmith", field]);
    const executable = "/bin/sh";
    expect(await lineOf(withEvent({ executable }))).toMatchObject({ tagsmith: { process: { executable } } });
    expect(await lineOf(withEvent({ parent: executable }))).toMatchObject({
      tagsmith: { process: { parent: { executable } } },
    });
  });

  it("keeps all digits of a time, and survives one that no calendar has", async () => {
    const written = "2026-01-01T01:00:00.123456789+01:00";
    expect(await lineOf(withEvent({ time: written }))).toHaveProperty(["@timestamp"], written);
    expect(await lineOf(withEvent({ time: "1767225600" }))).toHaveProperty(["@timestamp"], "2026-01-01T00:00:00.000Z");
    expect(await lineOf(withEvent({ timeMs: 0.25 }))).toHaveProperty(["@timestamp"], "1970-01-01T00:00:00.000250Z");
    for (const timeMs of [Number.NaN, Number.POSITIVE_INFINITY, 9e15]) {
      expect(await lineOf(withEvent({ timeMs }))).not.toHaveProperty(["@timestamp"]);
    }
  });

  it("stays JSON when a score is not a number", async () => {
    const topLabels = [{ label_id: "tag_a", score: Number.NaN, axis: "execution" }];
    expect(await lineOf({ ...full, topLabels })).toMatchObject({
      tagsmith: { top_labels: [{ score: null }], score: {} },
    });
  });
});

describe("a verdict line", () => {
  it("is an alert for an intrusion and a state otherwise, timed by the last event", async () => {
    const sink = sinkOn();
    await sink.open(undefined);
    await sink.write(output({ verdicts: [verdict("s1", 0.9), verdict("s2", 0.1)] }), signal);
    const lines = (await readFile(at("verdicts"), "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ event }) => event.kind)).toEqual(["alert", "state"]);
    expect(lines[0]).toMatchObject({
      "@timestamp": "2026-01-01T00:00:01.000500Z",
      tagsmith: { verdict: { session_key: "s1", model_probability: 0.9, first_time_ms: 1_767_225_600_000 } },
    });
  });
});

describe("the file sink", () => {
  it("refuses on a first run a file that has content, unless told to overwrite it", async () => {
    await writeFile(at("verdicts"), "precious\n");
    expect(await codeOf(sinkOn().open(undefined))).toBe("output_exists");
    expect(await readFile(at("verdicts"), "utf8")).toBe("precious\n");
    expect(await codeOf(sinkOn({ overwrite: true }).open(undefined))).toBe("none");
    expect(await readFile(at("verdicts"), "utf8")).toBe("");
  });

  it("keeps what a stored position covers even when told to overwrite", async () => {
    const first = sinkOn({ overwrite: true });
    await first.open(undefined);
    const position = await first.write(output({ labels: [full] }), signal);
    await first.close();
    const size = (await stat(at("labels"))).size;
    await sinkOn({ overwrite: true }).open(position);
    expect((await stat(at("labels"))).size).toBe(size);
  });

  it("refuses a file that is shorter than the stored position", async () => {
    const first = sinkOn();
    await first.open(undefined);
    const position = await first.write(output({ labels: [full] }), signal);
    await first.close();
    await truncate(at("labels"), 10);
    expect(await codeOf(sinkOn().open(position))).toBe("output_shorter_than_checkpoint");
    expect((await stat(at("labels"))).size).toBe(10);
  });

  it("refuses a position it did not return", async () => {
    expect(await codeOf(sinkOn().open('{"labels":-1}'))).toBe("output_position_invalid");
    expect(await codeOf(sinkOn().open("no JSON"))).toBe("output_position_invalid");
  });

  it("says that a path cannot be written", async () => {
    await writeFile(at("plain"), "");
    expect(await codeOf(sinkOn({ labels: at("plain/labels") }).open(undefined))).toBe("output_unwritable");
    expect(await codeOf(sinkOn({ labels: "/dev/null" }).open(undefined))).toBe("output_not_a_file");
  });

  it("says that an output path is a folder", async () => {
    const opening = sinkOn({ labels: folder }).open(undefined);
    await expect(opening).rejects.toMatchObject({
      code: "output_unwritable",
      message: `${folder}: is a folder. Name a file in it.`,
    });
  });

  it("makes the folders of its files", async () => {
    await sinkOn({ labels: at("new/deep/labels") }).open(undefined);
    expect((await stat(at("new/deep/labels"))).size).toBe(0);
  });

  it("refuses to write before it is open", async () => {
    expect(await codeOf(sinkOn().write(output({}), signal))).toBe("output_not_open");
  });

  it("refuses one path for two outputs", () => {
    expect(() => sinkOn({ verdicts: at("labels") })).toThrow("four different files");
  });

  it("refuses two spellings of one path", () => {
    const labels = path.relative(process.cwd(), at("labels"));
    for (const verdicts of [`./${labels}`, at("x/../labels"), `${folder}//labels`, at("./labels")]) {
      expect(() => sinkOn({ labels, verdicts })).toThrow("four different files");
    }
  });

  it("refuses two links to one file and leaves it as it is", async () => {
    const first = sinkOn();
    await first.open(undefined);
    const position = await first.write(output({ labels: [full] }), signal);
    await first.close();
    const before = await readFile(at("labels"), "utf8");
    await symlink(at("labels"), at("soft"));
    await link(at("labels"), at("hard"));
    for (const name of ["soft", "hard"]) {
      expect(await codeOf(sinkOn({ dead_letters: at(name) }).open(position))).toBe("output_not_distinct");
    }
    expect(await readFile(at("labels"), "utf8")).toBe(before);
  });

  it("refuses a link to an output that does not exist yet", async () => {
    await symlink(at("labels"), at("soft"));
    const opening = sinkOn({ verdicts: at("soft") }).open(undefined);
    await expect(opening).rejects.toMatchObject({
      code: "output_not_distinct",
      message: expect.stringContaining(`${at("soft")}: is the same file as ${at("labels")}.`),
    });
  });
});
