import { existsSync, globSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { freshFolder, linesOf, root, runTagsmith, writeConfig } from "./tagsmith-process.ts";

const fixtures = resolve(root, "../shared/data/fixtures");
const isThere = existsSync(fixtures);
if (!isThere) process.stderr.write(`Skipped: there are no collected fixtures at ${fixtures}.\n`);

interface Result {
  readonly kind: string;
  readonly code?: string;
  readonly reason?: string;
  readonly records: readonly { readonly container: string; readonly id: string }[];
}

describe("real documents of many sources (needs ../shared/data/fixtures)", () => {
  const paths = [join(fixtures, "**/*.*")];

  it.skipIf(!isThere)("all end as event, skip or dead letter with a reason, in a whole run", async () => {
    expect(globSync(paths).length).toBeGreaterThan(100);
    const folder = freshFolder("fixtures");
    const { code, out, err } = await runTagsmith(["run", "--config", writeConfig(folder, paths), "--json"]);
    expect(err).toBe("");
    expect(code).toBe(0);
    const summary = JSON.parse(out);
    expect(summary.documents).toBeGreaterThan(1_000);
    expect(linesOf(folder, "labels.ndjson")).toHaveLength(summary.events);
    const letters = linesOf(folder, "dead.ndjson").map((line) => JSON.parse(line));
    expect(letters).toHaveLength(summary.dead_letters);
    for (const { code, reason, container, document } of letters) {
      expect([code, reason, container, document].every((part) => typeof part === "string" && part !== "")).toBe(true);
    }

    const results = join(folder, "results.ndjson");
    const normalized = await runTagsmith(["normalize", "--input", paths[0] ?? "", "--output", results]);
    expect(normalized.code).toBe(0);
    const all: Result[] = linesOf(folder, "results.ndjson").map((line) => JSON.parse(line));
    const count = (kind: string): number => all.filter((result) => result.kind === kind).length;
    expect([count("event"), count("skipped"), count("rejected")]).toEqual([
      ...[summary.events, summary.skipped, summary.dead_letters],
    ]);
    // A document may give several events, and several records of an audit log give one; each must be in some result.
    const places = new Set(all.flatMap(({ records }) => records.map(({ container, id }) => `${container} ${id}`)));
    expect(places.size).toBe(summary.documents);
  });
});
