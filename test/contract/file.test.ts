import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe } from "vitest";
import { fileSourceConfigSchema } from "../../connectors/file/config.ts";
import { createFileSink } from "../../connectors/file/sink.ts";
import { createFileSource } from "../../connectors/file/source.ts";
import { checkSink, type SinkScene } from "./check-sink.ts";
import { checkSource, type SourceScene } from "./check-source.ts";

type Documents = readonly Readonly<Record<string, unknown>>[];

const documents = Array.from({ length: 237 }, (_, n) => ({ n, args: ["ls", "-la", `/tmp/${n}`], nested: { n } }));

const lines = (some: Documents) => some.map((document) => `${JSON.stringify(document)}\n`).join("");
const printed = (some: Documents) => some.map((document) => JSON.stringify(document, null, 2)).join("\n");
const half = (some: Documents): [Documents, Documents] => [some.slice(0, 100), some.slice(100)];

/** How each form puts the documents into files. */
const forms: Readonly<Record<string, (some: Documents) => Readonly<Record<string, string | Uint8Array>>>> = {
  "NDJSON in three files": (some) => {
    const [first, second] = half(some);
    return { "a.log": lines(first), "b.log": "\n", "c.log": lines(second) };
  },
  "an array on one line": (some) => ({ "a.json": JSON.stringify(some) }),
  "a printed array": (some) => ({ "a.json": JSON.stringify(some, null, 2) }),
  "printed objects": (some) => ({ "a.json": printed(some) }),
  "objects on one line": (some) => ({ "a.json": some.map((document) => JSON.stringify(document)).join("") }),
  "gzip members": (some) => {
    const [first, second] = half(some);
    return { "a.gz": Buffer.concat([gzipSync(lines(first)), gzipSync(lines(second))]) };
  },
};

async function sourceScene(
  files: Readonly<Record<string, string | Uint8Array>>,
  extra: Readonly<Record<string, unknown>>,
): Promise<SourceScene> {
  const folder = await mkdtemp(path.join(tmpdir(), "tagsmith-file-"));
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
  const config = fileSourceConfigSchema.parse({ paths: [path.join(folder, "*")], batch_records: 10, ...extra });
  return {
    open: () => createFileSource(config),
    dispose: () => rm(folder, { recursive: true }),
  };
}

describe("the file source", () => {
  for (const [name, toFiles] of Object.entries(forms)) {
    describe(`on ${name}`, () => {
      checkSource({ create: (some) => sourceScene(toFiles(some), {}), documents });
    });
  }
  describe("on followed NDJSON", () => {
    const follow = { follow: true, poll_interval_secs: 0.02 };
    const toFiles = forms["NDJSON in three files"] ?? (() => ({}));
    checkSource({ create: (some) => sourceScene(toFiles(some), follow), documents, isLive: true });
  });
});

async function sinkScene(): Promise<SinkScene> {
  const folder = await mkdtemp(path.join(tmpdir(), "tagsmith-sink-"));
  const file = (name: string) => path.join(folder, `${name}.ndjson`);
  const config = {
    labels: file("labels"),
    verdicts: file("verdicts"),
    alerts: file("alerts"),
    dead_letters: file("dead"),
    overwrite: false,
  };
  const read = async (at: string) => {
    const text = await readFile(at, "utf8");
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  };
  return {
    open: () => createFileSink(config, { model: "m@1" }),
    read: async () => ({
      labels: (await read(config.labels)).map((line) => ({ id: line.event.id, text: line.tagsmith.text })),
      verdicts: (await read(config.verdicts)).map(({ tagsmith: { verdict } }) => ({
        id: verdict.id,
        score: verdict.score,
      })),
      alerts: (await read(config.alerts)).map(({ tagsmith, rule }) => ({ id: tagsmith.alert.id, rule: rule.name })),
      deadLetters: (await read(config.dead_letters)).map(({ id, excerpt }) => ({ id, excerpt })),
    }),
    damage: async () => {
      await appendFile(config.labels, '{"event":{"kind":"enrichment","id":"e1a"}}\n{"event":{"ki');
      await appendFile(config.verdicts, '{"@times');
      await appendFile(config.alerts, '{"@timestamp":"2026');
    },
    dispose: () => rm(folder, { recursive: true }),
  };
}

describe("the file sink", () => {
  checkSink({ create: sinkScene });
});
