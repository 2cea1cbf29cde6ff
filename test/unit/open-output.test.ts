import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withOutput } from "../../src/cli/open-output.ts";

const terminal = { out: process.stdout, err: process.stderr, now: () => 0 };
const freshFolder = (): string => mkdtempSync(join(tmpdir(), "tagsmith-output-"));

describe("the output of a command", () => {
  it("leaves what was there when the work fails", async () => {
    const folder = freshFolder();
    const path = join(folder, "out");
    writeFileSync(path, "before");
    const work = withOutput(path, terminal, async (output) => {
      await output.write("half");
      throw new Error("broke off");
    });
    await expect(work).rejects.toThrow("broke off");
    expect(readFileSync(path, "utf8")).toBe("before");
    expect(readdirSync(folder)).toEqual(["out"]);
  });

  it("goes into a pipe, which stays a pipe", async () => {
    const path = join(freshFolder(), "pipe");
    execFileSync("bash", ["-c", 'mkfifo "$1"', "bash", path]);
    const read = readFile(path, "utf8");
    await withOutput(path, terminal, (output) => output.write("text\n"));
    expect(await read).toBe("text\n");
    expect(lstatSync(path).isFIFO()).toBe(true);
  });

  it("goes into the file behind a link, which stays a link", async () => {
    const folder = freshFolder();
    const [file, link] = [join(folder, "file"), join(folder, "link")];
    writeFileSync(file, "before");
    symlinkSync(file, link);
    await withOutput(link, terminal, (output) => output.write("after"));
    expect(readFileSync(file, "utf8")).toBe("after");
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  it("is refused before the work when it is a folder", async () => {
    let hasWorked = false;
    const work = withOutput(freshFolder(), terminal, async () => {
      hasWorked = true;
    });
    await expect(work).rejects.toMatchObject({ code: "output_unwritable" });
    expect(hasWorked).toBe(false);
  });
});
