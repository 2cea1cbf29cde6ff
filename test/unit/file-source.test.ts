import { appendFile, chmod, mkdir, mkdtemp, rename, rm, symlink, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSourceConfigSchema } from "../../connectors/file/config.ts";
import { createFileSource, type FileSourceSettings } from "../../connectors/file/source.ts";
import type { Batch, SourceRecord } from "../../src/sdk/index.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "tagsmith-source-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const at = (name: string) => path.join(folder, name);
const line = (n: number) => `{"n":${n}}\n`;
const linesTo = (count: number) => Array.from({ length: count }, (_, n) => line(n)).join("");

interface ReadSettings extends FileSourceSettings {
  readonly paths?: readonly string[];
  readonly cursor?: string | undefined;
  readonly config?: Readonly<Record<string, unknown>>;
}

async function readBatches({ paths = [at("*")], cursor, config, ...settings }: ReadSettings = {}): Promise<Batch[]> {
  const source = createFileSource(fileSourceConfigSchema.parse({ paths, ...config }), settings);
  const batches: Batch[] = [];
  for await (const batch of source.read(cursor, new AbortController().signal)) batches.push(batch);
  await source.close();
  return batches;
}

async function readAll(settings: ReadSettings = {}): Promise<string[]> {
  const batches = await readBatches(settings);
  return batches.flatMap(({ records }) => records.map(show));
}

/** Checks that the same records follow wherever reading was interrupted; how many there are. */
async function restartAtEach(): Promise<number> {
  const whole = await readAll();
  const cursors = (await readBatches({ config: { batch_records: 1 } })).map(({ cursor }) => cursor);
  for (const [n, cursor] of cursors.entries()) expect(await readAll({ cursor })).toEqual(whole.slice(n + 1));
  return whole.length;
}

function show(record: SourceRecord): string {
  const name = path.basename(record.container);
  return `${name} ${record.id} ${record.kind === "document" ? JSON.stringify(record.document) : record.code}`;
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error: { code?: string }) => error.code,
  );

describe("the file source", () => {
  it("reads files in path order, each once, and passes over folders", async () => {
    await writeFile(at("b"), line(2));
    await writeFile(at("a"), line(1));
    await symlink(at("a"), at("c"));
    await mkdir(at("d"));
    expect(await readAll({ paths: [at("b"), at("*")] })).toEqual(['a line:1 {"n":1}', 'b line:1 {"n":2}']);
  });

  it("takes a path literally before it takes it as a pattern", async () => {
    await writeFile(at("a[1].log"), line(1));
    expect(await readAll({ paths: [at("a[1].log")] })).toEqual(['a[1].log line:1 {"n":1}']);
  });

  it("says which path or pattern has no file", async () => {
    await writeFile(at("a"), line(1));
    expect(await codeOf(readAll({ paths: [at("a"), at("missing")] }))).toBe("file_not_found");
    expect(await codeOf(readAll({ paths: [at("*.json")] }))).toBe("file_not_found");
    expect(await codeOf(readAll({ paths: [`${at("a")}/b`] }))).toBe("file_not_found");
  });

  it("says that a path is a directory", async () => {
    expect(await codeOf(readAll({ paths: [folder] }))).toBe("file_is_directory");
  });

  it.skipIf(process.getuid?.() === 0)(
    "says that a file may not be read (root may read all: not tried as root)",
    async () => {
      await writeFile(at("a"), line(1));
      await chmod(at("a"), 0o000);
      expect(await codeOf(readAll())).toBe("file_unreadable");
    },
  );

  it("passes over a file that is deleted before its turn, and reads the rest", async () => {
    for (const name of ["a", "b", "c"]) await writeFile(at(name), linesTo(2));
    const config = fileSourceConfigSchema.parse({ paths: [at("a"), at("b"), at("c")], batch_records: 2 });
    const source = createFileSource(config);
    const seen: string[] = [];
    let cursor: string | undefined;
    for await (const batch of source.read(undefined, new AbortController().signal)) {
      if (seen.length === 0) await unlink(at("b"));
      seen.push(...batch.records.map(show));
      cursor = batch.cursor;
    }
    expect(seen).toEqual(['a line:1 {"n":0}', 'a line:2 {"n":1}', 'c line:1 {"n":0}', 'c line:2 {"n":1}']);
    await writeFile(at("b"), line(9));
    expect(await readAll({ cursor })).toEqual(['b line:1 {"n":9}']);
  });

  it("refuses a cursor it did not write", async () => {
    await writeFile(at("a"), line(1));
    expect(await codeOf(readAll({ cursor: '{"files":7}' }))).toBe("file_cursor_invalid");
  });

  it("reads empty files, compressed or not, as nothing", async () => {
    await writeFile(at("a"), "");
    await writeFile(at("b.gz"), "");
    await writeFile(at("c.gz"), gzipSync(""));
    expect(await readAll()).toEqual([]);
  });

  it("ends a batch at its number of records or bytes, across files", async () => {
    for (const name of ["a", "b", "c"]) await writeFile(at(name), linesTo(4));
    const counts = async (config: Readonly<Record<string, unknown>>) =>
      (await readBatches({ config })).map(({ records }) => records.length);
    expect(await counts({ batch_records: 5 })).toEqual([5, 5, 2]);
    expect(await counts({ batch_bytes: 20 })).toEqual([3, 3, 3, 3]);
  });

  it("tells how far it is", async () => {
    await writeFile(at("a"), linesTo(10));
    const progress = (await readBatches({ config: { batch_records: 5 } })).map((batch) => batch.progress);
    expect(progress.at(-1)).toEqual({ done: 80, total: 80, unit: "bytes" });
  });

  it("recognises text, documents and compression file by file", async () => {
    await writeFile(at("a.log"), "type=EXECVE a0=ls\n");
    await writeFile(at("b.json"), '[\n{"n":1}\n]');
    await writeFile(at("c.ndjson"), gzipSync(line(2)));
    expect(await readAll()).toEqual([
      'a.log line:1 {"message":"type=EXECVE a0=ls"}',
      'b.json line:2 {"n":1}',
      'c.ndjson line:1 {"n":2}',
    ]);
  });

  it("does not hold a line that is far too long", async () => {
    const long = Buffer.alloc(64 * 1024 * 1024, "x");
    await writeFile(at("a"), Buffer.concat([Buffer.from(`${line(1)}{"n":"`), long, Buffer.from(`"}\n${line(2)}`)]));
    const before = process.memoryUsage().arrayBuffers;
    const records = (await readBatches()).flatMap((batch) => batch.records);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(long.length / 2);
    expect(records.map(show)).toEqual(['a line:1 {"n":1}', "a line:2 record_too_large", 'a line:3 {"n":2}']);
  });
});

describe("the file source after a restart", () => {
  it("leaves a finished file alone and reads what was appended to it", async () => {
    await writeFile(at("a"), linesTo(2));
    const cursor = (await readBatches()).at(-1)?.cursor;
    expect(await readAll({ cursor })).toEqual([]);
    await appendFile(at("a"), line(7));
    expect(await readAll({ cursor })).toEqual(['a line:3 {"n":7}']);
  });

  it("reads a file anew that took the place of another, under other ids", async () => {
    await writeFile(at("a"), linesTo(2));
    const cursor = (await readBatches()).at(-1)?.cursor;
    await rename(at("a"), at("old"));
    await writeFile(at("a"), line(7) + line(8) + line(9));
    expect(await readAll({ cursor, paths: [at("a")] })).toEqual([
      'a line:1@1 {"n":7}',
      'a line:2@1 {"n":8}',
      'a line:3@1 {"n":9}',
    ]);
    expect(await readAll({ cursor })).toHaveLength(3);
  });

  it("reads a file anew that was written anew in place", async () => {
    await writeFile(at("a"), linesTo(2));
    const cursor = (await readBatches()).at(-1)?.cursor;
    await writeFile(at("a"), line(7) + linesTo(5));
    expect(await readAll({ cursor })).toHaveLength(6);
  });

  it("goes on inside a compressed file and inside an array", async () => {
    const all = Array.from({ length: 30 }, (_, n) => ({ n }));
    await writeFile(at("a.gz"), gzipSync(JSON.stringify(all)));
    const whole = await readAll();
    for (const batch of await readBatches({ config: { batch_records: 7 } })) {
      const { cursor } = batch;
      const rest = await readAll({ cursor });
      expect(rest).toEqual(whole.slice(whole.length - rest.length));
    }
  });

  it("makes the same records wherever it is interrupted, broken input included", async () => {
    const broken =
      '{"a":[\n{"n":1}\n{"n":2}\n{\n "x": 1\n "y": 2\n}\n{"n":3}{"n":4} oops\n[{"n":5},{"n":[6},{"n":7}]\ntext\n';
    await writeFile(at("a"), broken);
    expect(await restartAtEach()).toBeGreaterThan(8);
  });

  it("knows after a restart whether a file holds documents or text", async () => {
    await writeFile(at("a"), '5\n{"n":1}\n[]\nnull\n');
    await writeFile(at("b"), "5\nls\n[]\nnull\n");
    expect(await restartAtEach()).toBe(8);
    const documents = ["a line:1 json_not_an_object", 'a line:2 {"n":1}', "a line:3 json_not_an_object"];
    expect((await readAll()).slice(0, 3)).toEqual(documents);
  });

  it("delivers undecided lines that stand before damage", async () => {
    const bytes = gzipSync("5\n6\n");
    bytes.writeUInt8((bytes.at(-8) ?? 0) ^ 0xff, bytes.length - 8);
    await writeFile(at("a.gz"), bytes);
    const expected = ['a.gz line:1 {"message":"5"}', 'a.gz line:2 {"message":"6"}', "a.gz line:3 gzip_corrupt"];
    expect(await readAll()).toEqual(expected);
    expect(await readAll({ config: { batch_records: 1 } })).toEqual(expected);
  });

  it("keeps its cursor small when there are thousands of finished files", async () => {
    const count = 1_500;
    for (let n = 0; n < count; n += 1) await writeFile(at(`f${n}`), line(n));
    const cursor = (await readBatches()).at(-1)?.cursor ?? "";
    expect(cursor.length).toBeLessThan(400 * 200 + count * 50 + 1_000);
    expect(await readAll({ cursor })).toEqual([]);
    await writeFile(at("new"), line(1));
    expect(await readAll({ cursor })).toEqual(['new line:1 {"n":1}']);
  });
});

describe("the file source after a restart with hundreds of finished files", () => {
  const name = (n: number) => `f${String(n).padStart(3, "0")}`;
  const early = name(0);
  const late = name(449);

  /** Finishes 450 files, the first of which has `content`; the cursor then. */
  async function finishMany(content: string | Uint8Array = line(0)): Promise<string | undefined> {
    for (let n = 0; n < 450; n += 1) await writeFile(at(name(n)), n === 0 ? content : line(n));
    return (await readBatches()).at(-1)?.cursor;
  }

  it("reads what was appended to an early file and to a late one, under the ids that follow", async () => {
    let cursor = await finishMany();
    for (const again of [2, 3]) {
      await appendFile(at(early), line(again));
      await appendFile(at(late), line(again));
      const batches = await readBatches({ cursor });
      cursor = batches.at(-1)?.cursor;
      const records = batches.flatMap((batch) => batch.records);
      expect(records.map(show)).toEqual([
        `${early} line:${again} {"n":${again}}`,
        `${late} line:${again} {"n":${again}}`,
      ]);
      expect(records.map(({ sequence }) => sequence)).toEqual([again - 1, again - 1]);
    }
    expect(await readAll({ cursor })).toEqual([]);
  });

  it("goes on as it would have without an end, be it in a line, an array or a broken value", async () => {
    for (const [content, added, expected] of [
      ['{"n":1}', '{"n":2}', 'line:1.1 {"n":2}'],
      ['{"n":1}\n', "5\n", "line:2 json_not_an_object"],
      ["ls\n", "5\n", 'line:2 {"message":"5"}'],
      ['[{"n":1},', '{"n":2}]', 'line:1.1 {"n":2}'],
      ['{\n "a": 1\n "b": 2\n', ' "c": 3\n}\n{"n":2}\n', 'line:6 {"n":2}'],
    ] as const) {
      const cursor = await finishMany(content);
      await appendFile(at(early), added);
      expect(await readAll({ cursor })).toEqual([`${early} ${expected}`]);
    }
  });

  it("reads an early file anew that was emptied or written anew in place, under other ids", async () => {
    const cursor = await finishMany(line(1) + line(2));
    await truncate(at(early));
    await appendFile(at(early), line(7));
    expect(await readAll({ cursor })).toEqual([`${early} line:1@1 {"n":7}`]);
    await writeFile(at(early), linesTo(3));
    expect(await readAll({ cursor })).toHaveLength(3);
  });

  it("gives other ids to a file that takes the place of an early one", async () => {
    const cursor = await finishMany();
    await rename(at(early), at("old"));
    await writeFile(at(early), line(7));
    expect(await readAll({ cursor })).toEqual([`${early} line:1@1 {"n":7}`]);
    await appendFile(at("old"), line(8));
    expect(await readAll({ cursor })).toEqual([`${early} line:1@1 {"n":7}`, 'old line:2 {"n":8}']);
  });

  it("leaves a compressed file alone that ended too early", async () => {
    const bytes = gzipSync(linesTo(2_000));
    const cursor = await finishMany(bytes.subarray(0, bytes.length - 100));
    expect(await readAll({ cursor })).toEqual([]);
  });

  it("reads nothing again that an interrupted run had finished", async () => {
    await finishMany();
    const cursor = (await readBatches({ config: { batch_records: 420 } }))[0]?.cursor;
    expect(await readAll({ cursor })).toHaveLength(30);
  });

  it("refuses a cursor whose marks do not hold how far files were read", async () => {
    await writeFile(at("a"), line(1));
    await expect(readAll({ cursor: '{"files":[],"finished":"abcdefghijkl"}' })).rejects.toMatchObject({
      code: "file_cursor_invalid",
      message: expect.stringContaining("finished: its marks of finished files do not hold how far they were read."),
    });
    expect(await codeOf(readAll({ cursor: '{"files":[],"marks":"abcdefghijkl"}' }))).toBe("file_cursor_invalid");
    expect(await readAll({ cursor: '{"files":[],"finished":""}' })).toHaveLength(1);
  });
});

describe("the file source on damaged gzip", () => {
  const content = linesTo(20_000);

  it("delivers what stands before the damage, reports the place, and goes on with the next file", async () => {
    const bytes = gzipSync(content);
    bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 40);
    await writeFile(at("a.gz"), bytes);
    await writeFile(at("b"), line(1));
    const records = (await readBatches()).flatMap((batch) => batch.records);
    const fault = records.at(-2);
    expect(fault).toMatchObject({ kind: "unreadable", code: "gzip_corrupt" });
    expect(fault?.kind === "unreadable" && fault.reason).toMatch(
      /^line \d+: gzip data is damaged near compressed byte/,
    );
    const intact = records.slice(0, 8_000).map((record) => record.kind === "document" && record.document["n"]);
    expect(intact).toEqual(Array.from({ length: 8_000 }, (_, n) => n));
    expect(show(records.at(-1) ?? fault ?? records[0] ?? never())).toBe('b line:1 {"n":1}');
  });

  it("delivers everything of a file whose checksum alone is wrong", async () => {
    const bytes = gzipSync(content);
    bytes.writeUInt8((bytes.at(-8) ?? 0) ^ 0xff, bytes.length - 8);
    await writeFile(at("a.gz"), bytes);
    const records = await readAll();
    expect(records).toHaveLength(20_001);
    expect(records.at(-1)).toContain("gzip_corrupt");
  });

  it("delivers what there is of a file that ends too early, and does not read it again", async () => {
    const bytes = gzipSync(content);
    await writeFile(at("a.gz"), bytes.subarray(0, bytes.length - 3_000));
    const batches = await readBatches();
    const records = batches.flatMap((batch) => batch.records.map(show));
    expect(records.length).toBeGreaterThan(10_000);
    expect(records.at(-1)).toContain("gzip_corrupt");
    await writeFile(at("b"), line(1));
    const end = (await readBatches({ cursor: batches.at(-1)?.cursor })).at(-1)?.cursor;
    expect(await readAll({ cursor: end })).toEqual([]);
  });

  it("reports a file that only its name says is compressed", async () => {
    await writeFile(at("a.gz"), line(1));
    expect(await readAll()).toEqual(["a.gz line:1 gzip_corrupt"]);
  });
});

describe("the file source on standard input", () => {
  it("reads plain and compressed streams", async () => {
    const paths = ["-"];
    expect(await readAll({ paths, stdin: Readable.from([Buffer.from('{"n"'), Buffer.from(":1}\nx")]) })).toEqual([
      '- line:1 {"n":1}',
      '- line:2 {"message":"x"}',
    ]);
    expect(await readAll({ paths, stdin: Readable.from([gzipSync(linesTo(500))]) })).toHaveLength(500);
  });

  it("passes on what it has while the stream is silent, and ends promptly on abort", async () => {
    const stdin = new PassThrough();
    stdin.write(line(1));
    const source = createFileSource(fileSourceConfigSchema.parse({ paths: ["-"] }), { stdin });
    const stop = new AbortController();
    const batches = source.read(undefined, stop.signal)[Symbol.asyncIterator]();
    expect((await batches.next()).value?.records).toHaveLength(1);
    const rest = batches.next();
    stop.abort();
    expect((await rest).done).toBe(true);
    await source.close();
  });

  it("reports a stream that breaks off", async () => {
    const stdin = Readable.from(
      (async function* () {
        yield Buffer.from(line(1));
        throw new Error("reset");
      })(),
    );
    expect(await readAll({ paths: ["-"], stdin })).toEqual(['- line:1 {"n":1}', "- line:2 stream_broken"]);
  });
});

function never(): never {
  throw new Error("there is no record");
}
