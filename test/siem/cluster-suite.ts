import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { fieldOf, listOf } from "../../connectors/elasticsearch/classify-error.ts";
import { createRandom } from "../../samples/random.ts";
import { freshFolder, runTagsmith } from "../e2e/tagsmith-process.ts";
import { endOf, startNode, writeRules } from "../integration/cluster-scene.ts";
import { startRedis } from "../servers/start-redis.ts";
import type { Settings, SiemScene } from "./siem-scene.ts";

const indices = 4;
const eventsEach = 250;
const leaseMs = 1_000;

/** Events of sessions that stay within an index, and of some that do not. */
function eventsOf(index: number): Settings[] {
  const random = createRandom(40 + index);
  return Array.from({ length: eventsEach }, (_, n) => ({
    _id: `e-${index}-${n}`,
    "@timestamp": new Date(Date.UTC(2026, 2, 1) + 2_000 * n + random.below(1_500)).toISOString(),
    session_id: random.below(3) === 0 ? `roam-${random.below(10)}` : `home-${index}-${random.below(6)}`,
    host: { name: `web-${index}` },
    user: { name: "carol" },
    cmdline: `tool-${random.below(400)} --index ${index} --n ${n}`,
  }));
}

/** Nodes share indices and write to one server, while they are killed and paused. */
export function clusterSuite(scene: SiemScene, faults: number): void {
  const children = new Set<ChildProcess>();
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  for (const [how, slices] of [
    ["indices", 1],
    ["the minutes of one pattern", 3],
  ] as const) {
    describe(`nodes that share ${how}`, () => {
      it(`label each document, judge each session and give each alert once in spite of ${faults} faults, as one process does`, async () => {
        const random = createRandom(6);
        const folder = freshFolder("siem-cluster");
        const prefix = scene.freshName("shared").replaceAll("-", "_");
        for (let index = 0; index < indices; index += 1) await scene.write(`${prefix}-${index}`, eventsOf(index));
        const server = await startRedis();
        const detect = writeRules(folder, 3);
        const configFor = (name: string, extra: string): string => {
          const each = Array.from({ length: indices }, (_, index) => `${prefix}-${index}`);
          const names = slices === 1 ? each : [`${prefix}-*`];
          const connection = `type: ${scene.server.version.product}, urls: ["${scene.server.url}"]`;
          const reading = `from: beginning, once: true, slices: ${slices}, safety_lag_secs: 0.2, poll_interval_secs: 0.1, batch_records: 20`;
          const path = join(folder, `${name}.yaml`);
          const lines = [
            `source: { ${connection}, indices: ${JSON.stringify(names)}, time_fields: ["@timestamp"], ${reading} }`,
            `sink: { ${connection}, namespace: "${prefix}.${name}" }`,
            `state: { path: ${join(folder, `${name}.db`)} }`,
            "session: { emit: changes, min_window_size: 4, score_every: 2 }",
            detect,
            extra,
          ];
          writeFileSync(path, lines.join("\n"));
          return path;
        };
        const cluster = `cluster: { lease_ms: ${leaseMs}, partitions: 8, redis: { redis_url: "${server.url}" } }`;
        const [alone, shared] = [configFor("alone", ""), configFor("shared", cluster)];
        try {
          expect((await runTagsmith(["install", "--config", alone])).err).toBe("");
          expect(await endOf(startNode(alone, 0, (text) => process.stderr.write(text)))).toBe(0);
          const start = (): ChildProcess => {
            const child = startNode(
              shared,
              250,
              (text) => /cluster_lease_lost/.test(text) || process.stderr.write(text),
            );
            children.add(child);
            return child;
          };
          const nodes = [start(), start(), start()];
          await sleep(1_500);
          for (let n = 0; n < faults; n += 1) {
            await sleep(300 + random.below(700));
            const place = random.below(nodes.length);
            const node = nodes[place];
            if (n % 2 === 0) {
              node?.kill("SIGKILL");
              nodes[place] = start();
            } else {
              node?.kill("SIGSTOP");
              await sleep(leaseMs + 500);
              node?.kill("SIGCONT");
            }
          }
          expect(await Promise.all(nodes.map(endOf))).toEqual([0, 0, 0]);
          const labels = await allOf(scene, `tagsmith-labels-${prefix}.shared`);
          expect(labels.length).toBe(indices * eventsEach);
          expect(new Set(labels.map((label) => fieldOf(fieldOf(label, "event"), "id"))).size).toBe(labels.length);
          const verdicts = (await allOf(scene, `tagsmith-verdicts-${prefix}.shared`))
            .map(verdictOf)
            .filter(hasEvents)
            .sort();
          const expected = (await allOf(scene, `tagsmith-verdicts-${prefix}.alone`))
            .map(verdictOf)
            .filter(hasEvents)
            .sort();
          expect(expected.length).toBeGreaterThan(30);
          expect(verdicts).toEqual(expected);
          const [alerts, calm] = await Promise.all(
            ["shared", "alone"].map((name) => allOf(scene, `tagsmith-alerts-${prefix}.${name}`)),
          );
          const isOfEvents = (alert: string): boolean => !/^(Judged|Tools before the verdict) /.test(alert);
          const found = calm?.map(alertOf).filter(isOfEvents).sort() ?? [];
          expect(found.length).toBeGreaterThan(500);
          expect(new Set(found.map((alert) => alert.split(" [")[0])).size).toBeGreaterThan(3);
          expect(alerts?.map(alertOf).filter(isOfEvents).sort()).toEqual(found);
        } finally {
          for (const child of children) child.kill("SIGKILL");
          await server.stop();
        }
      }, 300_000);
    });
  }
}

async function allOf(scene: SiemScene, stream: string): Promise<readonly unknown[]> {
  await scene.ask({ method: "POST", path: `/${stream}/_refresh` });
  const found = await scene.ask({ method: "POST", path: `/${stream}/_search`, body: { size: 10_000 } });
  return listOf(fieldOf(fieldOf(found, "hits"), "hits")).map((hit) => fieldOf(hit, "_source"));
}

/** The verdict without where it was written. */
function verdictOf(document: unknown): string {
  return JSON.stringify(fieldOf(fieldOf(document, "tagsmith"), "verdict"));
}

/** Rule, events and id. */
function alertOf(document: unknown): string {
  const { id, event_ids: events } = {
    id: "",
    event_ids: [],
    ...Object(fieldOf(fieldOf(document, "tagsmith"), "alert")),
  };
  return `${fieldOf(fieldOf(document, "rule"), "name")} ${JSON.stringify(events)} ${id}`;
}

function hasEvents(verdict: string): boolean {
  return !verdict.includes('"events":0,');
}
