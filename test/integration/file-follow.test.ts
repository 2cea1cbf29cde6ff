import { appendFile, copyFile, mkdtemp, rename, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSourceConfigSchema } from "../../connectors/file/config.ts";
import { createFileSource } from "../../connectors/file/source.ts";

let folder: string;
let reading: Reading | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "tagsmith-follow-"));
});

afterEach(async () => {
  await reading?.stop();
  reading = undefined;
  await rm(folder, { recursive: true });
});

const at = (name: string) => path.join(folder, name);
const line = (n: number) => `{"n":${n}}\n`;

/** A source being read in the background. */
interface Reading {
  /** Records as `id n`, or `id code`. */
  readonly seen: string[];
  cursor: string | undefined;
  stop(): Promise<void>;
}

function follow(pattern = "*.log", cursor?: string): Reading {
  const paths = [at(pattern)];
  const config = fileSourceConfigSchema.parse({ paths, follow: true, poll_interval_secs: 0.02, rotate_wait_secs: 0.1 });
  const source = createFileSource(config);
  const abort = new AbortController();
  const seen: string[] = [];
  const made: Reading = {
    seen,
    cursor,
    stop: async () => {
      abort.abort();
      await work;
      await source.close();
    },
  };
  const work = (async () => {
    for await (const batch of source.read(cursor, abort.signal)) {
      made.cursor = batch.cursor;
      for (const record of batch.records) {
        seen.push(
          `${record.id} ${record.kind === "document" ? (record.document["n"] ?? record.document["message"]) : record.code}`,
        );
      }
    }
  })();
  reading = made;
  return made;
}

async function untilSeen({ seen }: Reading, count: number): Promise<string[]> {
  for (let tries = 0; seen.length < count && tries < 250; tries += 1) await sleep(20);
  await sleep(60);
  return seen;
}

describe("the file source that follows", () => {
  it("reads lines as they are appended, and holds back one that is not whole", async () => {
    await writeFile(at("a.log"), `${line(1)}{"n":`);
    const now = follow();
    expect(await untilSeen(now, 1)).toEqual(["line:1 1"]);
    await appendFile(at("a.log"), "2");
    await sleep(60);
    expect(now.seen).toEqual(["line:1 1"]);
    await appendFile(at("a.log"), "}\n");
    expect(await untilSeen(now, 2)).toEqual(["line:1 1", "line:2 2"]);
  });

  it("reads a renamed file to its end, then the one that took its place", async () => {
    await writeFile(at("a.log"), line(1));
    const now = follow();
    await untilSeen(now, 1);
    await rename(at("a.log"), at("a.log.1"));
    await appendFile(at("a.log.1"), line(2));
    await writeFile(at("a.log"), line(3));
    await untilSeen(now, 3);
    await appendFile(at("a.log.1"), "last words");
    await appendFile(at("a.log"), line(4));
    expect((await untilSeen(now, 5)).sort()).toEqual([
      "line:1 1",
      "line:1@1 3",
      "line:2 2",
      "line:2@1 4",
      "line:3 last words",
    ]);
  });

  it("does not read a file again that was renamed within the pattern", async () => {
    await writeFile(at("a.log"), line(1));
    const now = follow("a.log*");
    await untilSeen(now, 1);
    await rename(at("a.log"), at("a.log.1"));
    await writeFile(at("a.log"), line(2));
    expect(await untilSeen(now, 2)).toEqual(["line:1 1", "line:1@1 2"]);
  });

  it("begins again when a file was copied and truncated", async () => {
    await writeFile(at("a.log"), line(1) + line(2));
    const now = follow();
    await untilSeen(now, 2);
    await copyFile(at("a.log"), at("a.old"));
    await truncate(at("a.log"));
    await sleep(80);
    await appendFile(at("a.log"), line(3));
    expect(await untilSeen(now, 3)).toEqual(["line:1 1", "line:2 2", "line:1@1 3"]);
  });

  it("begins again when a file was written anew in place, even longer than before", async () => {
    await writeFile(at("a.log"), line(1));
    const now = follow();
    await untilSeen(now, 1);
    await writeFile(at("a.log"), line(5) + line(6));
    expect(await untilSeen(now, 3)).toEqual(["line:1 1", "line:1@1 5", "line:2@1 6"]);
  });

  it("picks up new files and lets go of deleted ones", async () => {
    const now = follow();
    await sleep(60);
    await writeFile(at("a.log"), line(1));
    await untilSeen(now, 1);
    await unlink(at("a.log"));
    await sleep(400);
    await writeFile(at("b.log"), line(2));
    expect(await untilSeen(now, 2)).toEqual(["line:1 1", "line:1 2"]);
  });

  it("goes on after a restart with what was appended, and with the file that was rotated meanwhile", async () => {
    await writeFile(at("a.log"), line(1));
    const before = follow("a.log*");
    await untilSeen(before, 1);
    await before.stop();
    await appendFile(at("a.log"), line(2));
    await rename(at("a.log"), at("a.log.1"));
    await writeFile(at("a.log"), line(3));
    const after = follow("a.log*", before.cursor);
    expect((await untilSeen(after, 2)).sort()).toEqual(["line:1@1 3", "line:2 2"]);
  });

  it("reports damage in a compressed file once", async () => {
    await writeFile(at("a.log"), Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]));
    const now = follow();
    expect(await untilSeen(now, 1)).toEqual(["line:1 gzip_corrupt"]);
    await sleep(150);
    expect(now.seen).toHaveLength(1);
  });

  it("refuses a path that was never there", async () => {
    const config = fileSourceConfigSchema.parse({ paths: [at("missing.log")], follow: true });
    const batches = createFileSource(config).read(undefined, new AbortController().signal);
    await expect(batches[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "file_not_found" });
  });
});
