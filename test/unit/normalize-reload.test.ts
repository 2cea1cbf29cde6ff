import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { watchMappings } from "../../src/cli/watch-mappings.ts";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappings, parseMapping } from "../../src/normalize/load-mappings.ts";
import type { Mapping } from "../../src/normalize/mapping-schema.ts";
import { createReloadableNormalizer } from "../../src/normalize/reloadable-normalizer.ts";
import type { Result } from "../../src/normalize/result.ts";
import type { Document, SourceRecord } from "../../src/sdk/document.ts";

const stages = `collapse:
  key: [id]
  field: stage
  order: [begin, end]
  final: [end]
  wait_secs: 10
  code: stage_repeated
  reason: Another stage is the event.`;
const mapping = (name: string, text: string): Mapping =>
  parseMapping(
    `name: ${name}\nversion: 1\ntitle: T\nprecedence: 1\nrecognise: { field: app, equals: ${name} }\ntext: [${text}]\ntime: [{ field: at, format: epoch_ms }]\n${stages}`,
    "m.yaml",
  );

function reloadable(...mappings: Mapping[]) {
  const create = (some: readonly Mapping[]) =>
    createNormalizer({ mappings: some, readers: builtInReaders, source: "test" });
  return createReloadableNormalizer(create, mappings);
}

function record(document: Document, sequence: number): SourceRecord {
  return {
    kind: "document",
    document: { at: 1, stage: "begin", ...document },
    container: "c",
    id: `line:${sequence}`,
    sequence,
  };
}

function outline(results: readonly Result[]): string[] {
  return results.map((result) => {
    const what = result.kind === "event" ? result.event.text : result.code;
    return `${what} ${result.records.map(({ id }) => id).join(",")}`;
  });
}

describe("mappings that are replaced while events are open", () => {
  it("keep the open events of a mapping that stayed as it was", () => {
    const normalizer = reloadable(mapping("a", "cmd"), mapping("b", "cmd"));
    expect(outline(normalizer.normalize([record({ app: "a", cmd: "id", id: 1 }, 1)]))).toEqual([]);
    normalizer.replace([mapping("a", "cmd"), mapping("c", "cmd")]);
    const more = [
      record({ app: "a", cmd: "ls", id: 1, stage: "end" }, 2),
      record({ app: "c", cmd: "w", id: 2, stage: "end" }, 3),
    ];
    expect(outline(normalizer.normalize(more))).toEqual(["stage_repeated line:1", "ls line:2", "w line:3"]);
  });

  it.each([
    ["went", []],
    ["changed", [mapping("a", "other")]],
  ])("give out those of a mapping that %s", (_, next) => {
    const normalizer = reloadable(mapping("a", "cmd"));
    normalizer.normalize([record({ app: "a", cmd: "id", id: 1 }, 1)]);
    normalizer.replace(next);
    expect(outline(normalizer.flush())).toEqual(["id line:1"]);
    expect(outline(normalizer.flush())).toEqual([]);
  });

  it("come back after a restart without their mapping, once it is there again", () => {
    const first = reloadable(mapping("a", "cmd"));
    first.normalize([record({ app: "a", cmd: "id", id: 1 }, 1)]);
    const without = reloadable(mapping("b", "cmd"));
    without.restore(first.state());
    expect(outline(without.flush())).toEqual([]);
    const again = reloadable(mapping("a", "cmd"));
    again.restore(without.state());
    expect(outline(again.flush())).toEqual(["id line:1"]);
  });

  it("stay as they were when the new ones cannot be used", () => {
    const normalizer = reloadable(mapping("a", "cmd"));
    const broken = { ...mapping("a", "cmd"), text: [{ render: "no-such-renderer" }] };
    expect(() => normalizer.replace([broken])).toThrow(/no renderer/);
    expect(outline(normalizer.normalize([record({ app: "a", cmd: "id", id: 1, stage: "end" }, 1)]))).toEqual([
      "id line:1",
    ]);
  });
});

describe("the watch on mapping files", () => {
  it("loads what has changed, tells of what is broken, and loads again once it is mended", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tagsmith-watch-"));
    const good = "name: a\nversion: 1\ntitle: T\nprecedence: 1\nrecognise: { field: a, exists: true }\ntext: [a]\n";
    const file = join(folder, "a.yaml");
    const told: string[] = [];
    const stop = watchMappings({
      paths: [folder],
      everyMs: 10,
      reload: () => void loadMappings(folder),
      onReloaded: () => told.push("loaded"),
      onBroken: ({ message }) => told.push(message.replace(folder, "")),
    });
    const until = async (count: number): Promise<void> => {
      for (let waited = 0; told.length < count && waited < 500; waited += 1) await sleep(10);
    };
    try {
      await sleep(50);
      writeFileSync(file, good);
      await until(1);
      writeFileSync(file, `${good}oops: 1\n`);
      await until(2);
      writeFileSync(file, `${good}\n`);
      await until(3);
      await sleep(50);
      expect(told).toEqual(["loaded", '/a.yaml:1:1: (top): Unrecognized key: "oops"', "loaded"]);
    } finally {
      stop();
      rmSync(folder, { recursive: true });
    }
  });
});
