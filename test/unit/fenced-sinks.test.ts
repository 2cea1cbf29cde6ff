import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Answer, SearchHttp } from "../../connectors/elasticsearch/search-http.ts";
import { createSearchSink } from "../../connectors/elasticsearch/sink.ts";
import { sinkOptions } from "../../connectors/elasticsearch/sink-config.ts";
import { createFileSink } from "../../connectors/file/sink.ts";
import { type Output, type Sink, TagsmithError } from "../../src/sdk/index.ts";
import { labelledEvent, verdict } from "../contract/check-sink.ts";
import { freshFolder } from "../e2e/tagsmith-process.ts";

const signal = new AbortController().signal;

function outputOf(n: number): Output {
  return { labels: [labelledEvent(`e${n}`, "id")], verdicts: [verdict(`s${n}`, 0.5)], deadLetters: [] };
}

describe("a file sink that several nodes share", () => {
  const scene = () => {
    const folder = freshFolder("fenced");
    const [labels, verdicts, dead_letters] = ["labels", "verdicts", "dead"].map((name) =>
      join(folder, `${name}.ndjson`),
    );
    const config = {
      labels: labels ?? "",
      verdicts: verdicts ?? "",
      alerts: join(folder, "alerts.ndjson"),
      dead_letters: dead_letters ?? "",
      overwrite: false,
    };
    const sink = (token: number, scope = "slice-a", check = (): void => undefined): Sink =>
      createFileSink(config, { model: "m@1", fence: { scope, token, check } });
    const texts = (): string[] =>
      readdirSync(folder)
        .filter((file) => file.startsWith("labels.") && file.endsWith(".ndjson"))
        .sort()
        .flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n").filter(Boolean))
        .map((line) => JSON.parse(line).tagsmith.event_id);
    return { folder, sink, texts };
  };
  const ids = (...numbers: readonly number[]): string[] => numbers.map((n) => `e${n}`);

  it("has no line of an owner that makes its file after the next one has looked for it", async () => {
    const { folder, sink, texts } = scene();
    const lost = new TagsmithError("cluster_lease_lost", "paused", "reconnect");
    let isLost = false;
    const first = sink(10, "slice-a", () => {
      if (isLost) throw lost;
    });
    await first.open(undefined);
    const second = sink(12);
    await second.open(undefined);
    isLost = true;
    await expect(first.write(outputOf(1), signal)).rejects.toBe(lost);
    await second.write(outputOf(1), signal);
    await Promise.all([first.close(), second.close()]);
    expect(texts()).toEqual(ids(1));
    expect(readdirSync(folder).filter((file) => file.includes(".10."))).toEqual([]);
  });

  it("keeps what its owners have confirmed, and nothing that an earlier owner writes after it was replaced", async () => {
    const { folder, sink, texts } = scene();
    const first = sink(10);
    await first.open(undefined);
    const confirmed = await first.write(outputOf(0), signal);
    // Written, and then its owner was paused before it could store that.
    await first.write(outputOf(1), signal);
    const second = sink(12);
    await second.open(confirmed);
    expect(texts()).toEqual(ids(0));
    await first.write(outputOf(2), signal);
    expect(texts()).toEqual(ids(0));
    const position = await second.write(outputOf(1), signal);
    await first.close();
    await second.close();
    const third = sink(13);
    await third.open(position);
    await third.write(outputOf(2), signal);
    await third.close();
    expect(texts()).toEqual(ids(0, 1, 2));
    expect(readdirSync(folder).filter((name) => name.includes("sealing"))).toEqual([]);
  });

  it("begins anew when nothing is known of earlier owners, and leaves the files of other parts alone", async () => {
    const { sink, texts } = scene();
    for (const scope of ["slice-a", "slice-ab"]) {
      const own = sink(10, scope);
      await own.open(undefined);
      await own.write(outputOf(scope.length - 7), signal);
      await own.close();
    }
    expect(texts()).toEqual(ids(0, 1));
    const again = sink(11);
    await again.open(undefined);
    expect(texts()).toEqual(ids(1));
    await again.write(outputOf(0), signal);
    await again.close();
    expect(texts()).toEqual(ids(0, 1));
  });

  it("makes no file before it has something to write, and takes none of a later owner away", async () => {
    const { folder, sink, texts } = scene();
    const later = sink(20);
    await later.open(undefined);
    await later.write(outputOf(0), signal);
    const stale = sink(15);
    await stale.open(undefined);
    expect(texts()).toEqual(ids(0));
    expect(existsSync(join(folder, "labels.slice-a.15.ndjson"))).toBe(false);
    await Promise.all([stale.close(), later.close()]);
  });

  it("says so when what was written before is not in the folder", async () => {
    const { folder, sink } = scene();
    const first = sink(10);
    await first.open(undefined);
    const position = await first.write(outputOf(0), signal);
    await first.close();
    writeFileSync(join(folder, "labels.slice-a.10.ndjson"), "x");
    await expect(sink(11).open(position)).rejects.toMatchObject({ code: "output_shorter_than_checkpoint" });
  });
});

describe("a search sink that several nodes share", () => {
  /** The versions of the verdicts that a sink writes. */
  const versionsOf = async (token: number, writes: number, stored?: string): Promise<number[]> => {
    const versions: number[] = [];
    const http: SearchHttp = {
      request: async ({ path, ndjson = "" }): Promise<Answer> => {
        if (path !== "/_bulk") return { status: 403, body: {} };
        versions.push(...[...ndjson.matchAll(/"version":(\d+)/g)].map(([, version]) => Number(version)));
        const actions = [...ndjson.matchAll(/^\{"(create|index)":/gm)].map(([, action = ""]) => action);
        return { status: 200, body: { items: actions.map((action) => ({ [action]: { status: 201, _index: "i" } })) } };
      },
      close: async () => undefined,
    };
    const sink = createSearchSink(z.object(sinkOptions).parse({}), {
      name: "s",
      connect: async () => http,
      context: { model: "m@1", vocabulary: "v", techniques: new Map(), fence: { scope: "partition-1", token } },
      now: () => 1_750_000_000_000,
      random: () => 0,
    });
    await sink.open(stored);
    for (let n = 0; n < writes; n += 1) await sink.write({ ...outputOf(n), labels: [], deadLetters: [] }, signal);
    await sink.close();
    return versions;
  };

  it("orders verdicts by owner first, so that one that was replaced never wins", async () => {
    const earlier = await versionsOf(1_750_000_100, 3);
    const later = await versionsOf(1_750_000_101, 2);
    expect(earlier).toEqual([...new Set(earlier)].sort((a, b) => a - b));
    expect(Math.min(...later)).toBeGreaterThan(Math.max(...earlier));
    expect(Number.isSafeInteger(Math.max(...later))).toBe(true);
  });

  it("begins anew with another token when an owner has no versions left", async () => {
    const last = 1_750_000_100 * 1_000_000 + 999_999;
    await expect(versionsOf(1_750_000_100, 1, JSON.stringify({ version: last }))).rejects.toMatchObject({
      code: "sink_versions_used_up",
      remedy: "reconnect",
    });
  });
});
