import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileLedger } from "../../connectors/file/file-ledger.ts";
import { RecordBatch } from "../../connectors/file/file-reader.ts";
import { listFiles } from "../../connectors/file/list-files.ts";
import { type OpenedFile, openIfPresent } from "../../connectors/file/open-reader.ts";
import { TagsmithError } from "../../src/sdk/index.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "tagsmith-reader-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A file opened by the connector whose reads fail from now on, as on a disk that breaks or a share that goes away. */
async function openBroken(content: string | Uint8Array): Promise<{ readonly at: string; readonly opened: OpenedFile }> {
  const at = path.join(folder, "a.log");
  await writeFile(at, content);
  const [file] = await listFiles([at], () => false);
  const settings = { maxRecordBytes: 1_000, stdin: () => process.stdin };
  const opened = file && (await openIfPresent(file, new FileLedger(undefined), settings));
  if (opened === undefined) throw new Error("the file is not there");
  await opened.reader.close();
  return { at, opened };
}

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a file that cannot be read on", () => {
  for (const [kind, content] of [
    ["plain", '{"n":1}\n'],
    ["compressed", gzipSync('{"n":1}\n')],
  ] as const) {
    it(`is reported by name when it is ${kind}`, async () => {
      const { at, opened } = await openBroken(content);
      const { signal } = new AbortController();
      const error = await errorOf(opened.reader.fill(new RecordBatch(10, 1_000), true, signal));
      expect(error).toBeInstanceOf(TagsmithError);
      expect(error).toMatchObject({ code: "file_unreadable", message: expect.stringContaining(at), remedy: "exit" });
    });
  }

  it("is reported by name when it is looked at again", async () => {
    const { at, opened } = await openBroken('{"n":1}\n');
    const error = await errorOf(opened.isSame(8));
    expect(error).toMatchObject({ code: "file_unreadable", message: expect.stringContaining(at) });
  });
});
