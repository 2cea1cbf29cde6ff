import type { ChildProcess } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClusterView, readCluster } from "../../src/cluster/cluster-view.ts";
import { connectRedis } from "../../src/queue/redis-connection.ts";
import { freshFolder } from "../e2e/tagsmith-process.ts";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";
import {
  endOf,
  inputStartMs,
  readOutcome,
  startNode,
  writeInput,
  writeNodeConfig,
  writeRules,
} from "./cluster-scene.ts";

const leaseMs = 1_000;
const partitions = 8;

let server: RunningRedis;
beforeAll(async () => {
  server = await startRedis({ config: ["appendonly yes"] });
});
const children: ChildProcess[] = [];
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await server?.stop();
});

/** What anybody can see of a cluster. */
async function viewOf(name: string): Promise<ClusterView> {
  const settings = { url: server.url, isCluster: false, keyPrefix: "tagsmith" };
  const connection = await connectRedis(settings, () => undefined);
  try {
    const redis = {
      call: connection.call,
      key: (...parts: readonly string[]) => connection.key("cluster", name, ...parts),
    };
    return await readCluster(redis, leaseMs, partitions);
  } finally {
    await connection.close();
  }
}

async function until<T>(look: () => Promise<T>, isRight: (seen: T) => boolean, withinMs = 20_000): Promise<T> {
  for (const since = performance.now(); ; await sleep(50)) {
    const seen = await look();
    if (isRight(seen)) return seen;
    if (performance.now() - since > withinMs) throw new Error(`still ${JSON.stringify(seen)}`);
  }
}

const tokensOf = (view: ClusterView): number[] => [...view.slices, ...view.partitions].map(({ token }) => token ?? 0);

/** Whether each lease has had another owner since. */
const haveRisen = (before: ClusterView, after: ClusterView): boolean =>
  tokensOf(after).length === tokensOf(before).length &&
  tokensOf(after).every((token, n) => token > (tokensOf(before)[n] ?? 0));

const ownersOf = ({ slices, partitions: all }: ClusterView): (string | null)[] =>
  [...slices, ...all].map(({ owner }) => owner);

/** Live files that grow, and nodes that follow them. */
function createScene(name: string, files: number) {
  const folder = freshFolder(name);
  const [written, input, shared] = ["written", "input", "shared"].map((part) => join(folder, part));
  writeInput(written ?? "", { files, eventsPerFile: 120, seed: 9 });
  mkdirSync(input ?? "", { recursive: true });
  const names = Array.from({ length: files }, (_, n) => `input-${String(n).padStart(2, "0")}.ndjson`);
  const lines = names.map((file) => readFileSync(join(written ?? "", file), "utf8").split(/(?<=\n)/));
  const paths = names.map((file) => join(input ?? "", file));
  for (const path of paths) appendFileSync(path, "");
  const detect = writeRules(folder, files);
  const configFor = (node: string, port: number, more = ""): string => {
    const redis = `redis: { redis_url: "redis://127.0.0.1:${port}" }`;
    const cluster = `cluster: { name: ${name}, lease_ms: ${leaseMs}, partitions: ${partitions}, ${redis} }`;
    return writeNodeConfig(shared ?? "", node, paths, `${cluster}\n${more}`, "follow: true, poll_interval_secs: 0.1,");
  };
  return {
    shared: shared ?? "",
    paths,
    configFor,
    detect,
    /** Lets the files grow to this share of what they become. */
    grow: (from: number, to: number) =>
      paths.forEach((path, n) => {
        const own = lines[n] ?? [];
        appendFileSync(path, own.slice(Math.round(own.length * from), Math.round(own.length * to)).join(""));
      }),
    /** What one process makes of the whole files. */
    alone: async (more = "") => {
      const alone = join(folder, "alone");
      const config = writeNodeConfig(alone, "alone", paths, more);
      expect(await endOf(startNode(config, 0))).toBe(0);
      return readOutcome(alone);
    },
  };
}

function start(config: string, batchMs = 20, onSaid?: (text: string) => void): ChildProcess {
  const child = startNode(config, batchMs, onSaid);
  children.push(child);
  return child;
}

const countOfLabels = (folder: string) => async (): Promise<number> => readOutcome(folder).labels.length;

describe("nodes that follow a growing source together", () => {
  it("share it evenly, take over within seconds from one that is killed, and label what one process labels", async () => {
    const scene = createScene("live", 6);
    const nodes = ["a", "b", "c"].map((name) => start(scene.configFor(name, server.port)));
    scene.grow(0, 0.3);
    const even = await until(
      () => viewOf("live"),
      (view) =>
        view.nodes.length === 3 &&
        view.nodes.every((node) => node.slices === 2 && node.partitions >= 2) &&
        !ownersOf(view).includes(null),
      60_000,
    );
    await until(countOfLabels(scene.shared), (count) => count === 216);

    const [killed] = nodes;
    const gone = even.nodes.find(({ pid }) => pid === killed?.pid)?.id ?? "";
    killed?.kill("SIGKILL");
    const killedMs = performance.now();
    scene.grow(0.3, 0.6);
    await until(
      () => viewOf("live"),
      (view) => ownersOf(view).every((owner) => owner !== null && owner !== gone),
    );
    const takenOverSecs = (performance.now() - killedMs) / 1_000;
    await until(countOfLabels(scene.shared), (count) => count === 432);
    process.stdout.write(`${JSON.stringify({ leaseMs, takenOverSecs })}\n`);
    expect(takenOverSecs).toBeLessThan(10);

    // Two more join, and one leaves in good order.
    for (const name of ["d", "e"]) nodes.push(start(scene.configFor(name, server.port)));
    await until(
      () => viewOf("live"),
      ({ nodes: all }) => all.length === 4 && all.every((node) => node.slices >= 1 && node.partitions === 2),
    );
    scene.grow(0.6, 0.8);
    const [, leaving] = nodes;
    leaving?.kill("SIGTERM");
    expect(await endOf(leaving ?? start(""))).toBe(0);
    await until(
      () => viewOf("live"),
      ({ nodes: all }) => all.length === 3,
    );
    scene.grow(0.8, 1);
    await until(countOfLabels(scene.shared), (count) => count === 720);
    for (const node of nodes) node.kill("SIGTERM");
    await Promise.all(nodes.map(endOf));
    const expected = await scene.alone();
    expect(readOutcome(scene.shared).labels).toEqual(expected.labels);
    // Sessions that have ended by event time have their verdicts; the others are open for the next start.
    const verdicts = readOutcome(scene.shared).verdicts;
    expect(verdicts.length).toBeGreaterThan(20);
    expect(expected.verdicts).toEqual(expect.arrayContaining([...verdicts]));
  }, 120_000);

  it("refuse checkpoint and output of an owner that was paused beyond its lease", async () => {
    const scene = createScene("paused", 2);
    let said = "";
    const paused = start(scene.configFor("a", server.port), 2_000, (text) => {
      said += text;
    });
    scene.grow(0, 0.4);
    await until(countOfLabels(scene.shared), (count) => count === 96);
    const before = await viewOf("paused");
    scene.grow(0.4, 0.7);
    await sleep(250);
    expect(await countOfLabels(scene.shared)()).toBe(96);
    paused.kill("SIGSTOP");
    const heir = start(scene.configFor("b", server.port));
    await until(countOfLabels(scene.shared), (count) => count === 168);
    const after = await until(
      () => viewOf("paused"),
      (view) => ownersOf(view).every((owner) => owner !== null && !ownersOf(before).includes(owner)),
    );
    expect(haveRisen(before, after)).toBe(true);

    // It wakes up with work in hand, and is told that it is not the owner any more; then it takes its share again.
    paused.kill("SIGCONT");
    scene.grow(0.7, 1);
    await until(countOfLabels(scene.shared), (count) => count === 240);
    await until(
      () => viewOf("paused"),
      ({ nodes }) => nodes.length === 2 && nodes.every(({ slices }) => slices === 1),
    );
    expect(said).toContain("cluster_lease_lost");
    for (const node of [paused, heir]) node.kill("SIGTERM");
    expect(await Promise.all([paused, heir].map(endOf))).toEqual([0, 0]);
    expect(readOutcome(scene.shared).labels).toEqual((await scene.alone()).labels);
  }, 120_000);

  it("give the alerts of one process, those that wait for later events as soon as there is nothing more to read", async () => {
    const scene = createScene("alerting", 6);
    const prompt = scene.detect.replace(/lateness_secs: \d+/, "lateness_secs: 60");
    const nodes = ["a", "b", "c"].map((name) => start(scene.configFor(name, server.port, prompt)));
    scene.grow(0, 0.4);
    await until(countOfLabels(scene.shared), (count) => count === 288);
    nodes[0]?.kill("SIGKILL");
    scene.grow(0.4, 1);
    await until(countOfLabels(scene.shared), (count) => count === 720);
    // Sessions go on: what is alerted of verdicts is not comparable.
    const ofEvents = (line: string): boolean => !/"name":"(Judged|Tools before the verdict)"/.test(line);
    const expected = (await scene.alone(scene.detect)).alerts.filter(ofEvents);
    expect(new Set(expected.map((line): string => JSON.parse(line).rule.name)).size).toBeGreaterThan(3);
    const alertsNow = async (): Promise<string[]> => readOutcome(scene.shared).alerts.filter(ofEvents);
    await until(alertsNow, (alerts) => alerts.length >= expected.length);
    for (const node of nodes) node.kill("SIGTERM");
    await Promise.all(nodes.map(endOf));
    expect(await alertsNow()).toEqual(expected);
  }, 120_000);

  it("read everything again when Redis was emptied, and leave each label once and the same verdicts", async () => {
    const scene = createScene("emptied", 4);
    const nodes = ["a", "b"].map((name) => start(scene.configFor(name, server.port)));
    scene.grow(0, 0.7);
    await until(countOfLabels(scene.shared), (count) => count === 336);
    const owned = await until(
      () => viewOf("emptied"),
      (view) => view.nodes.length === 2 && !ownersOf(view).includes(null),
    );
    const before = readOutcome(scene.shared);
    const connection = await connectRedis({ url: server.url, isCluster: false, keyPrefix: "x" }, () => undefined);
    await connection.call("FLUSHALL", []);
    await connection.close();
    await until(
      () => viewOf("emptied"),
      (view) => haveRisen(owned, view),
    );
    await until(
      async () => readOutcome(scene.shared).labels,
      (labels) => isDeepStrictEqual(labels, before.labels),
    );
    scene.grow(0.7, 1);
    await until(countOfLabels(scene.shared), (count) => count === 480);
    const expected = await scene.alone();
    // What ends before the pause of an hour has ended by event time.
    const early = expected.verdicts.filter(
      (line) => JSON.parse(line).tagsmith.verdict.last_time_ms < inputStartMs + 3_600_000,
    );
    await until(
      async () => readOutcome(scene.shared).verdicts.filter((line) => early.includes(line)).length,
      (count) => count === early.length,
    );
    for (const node of nodes) node.kill("SIGTERM");
    expect(await Promise.all(nodes.map(endOf))).toEqual([0, 0]);
    const { labels, ordered } = readOutcome(scene.shared);
    expect(labels).toEqual(expected.labels);
    expect(ordered).toEqual([...new Set(ordered)]);
    expect(early.length).toBeGreaterThan(20);
  }, 120_000);
});
