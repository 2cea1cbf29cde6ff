import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";
import { freshFolder, linesOf, root, runTagsmith, writeConfig } from "./tagsmith-process.ts";

const samples = [join(root, "samples", "data", "*")];
const outputs = ["labels", "verdicts", "alerts", "dead"];
/** The samples are months of hosts that one process reads one after the other. */
const detect = `detect: { rules: [${join(root, "rules", "behaviour")}], lateness_secs: 100000000 }`;

let server: RunningRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.stop());

function configIn(folder: string, name: string, extra: string): string {
  mkdirSync(join(folder, name));
  const common = "label: { workers: 1, tier: fast }\nsession: { emit: final }";
  return writeConfig(join(folder, name), samples, `${common}\n${extra}`);
}

/** The lines of an output, whichever node wrote them. */
function linesOfAll(folder: string, output: string): string[] {
  const files = readdirSync(folder).filter((file) => file.startsWith(`${output}.`) && file.endsWith(".ndjson"));
  return files.flatMap((file) => linesOf(folder, file)).sort();
}

describe("a cluster of three nodes", () => {
  it("writes what one process writes, each line once, and finds nothing more to do when it is started again", async () => {
    const folder = freshFolder("cluster");
    const alone = configIn(folder, "alone", detect);
    const cluster = `cluster: { redis: { redis_url: "${server.url}" }, lease_ms: 3000 }`;
    const shared = configIn(folder, "shared", `${cluster}\n${detect}`);
    expect(await runTagsmith(["run", "--config", alone, "--quiet"])).toMatchObject({ code: 0, err: "" });
    const runNodes = () => Promise.all([1, 2, 3].map(() => runTagsmith(["run", "--config", shared, "--json"])));
    const nodes = await runNodes();
    expect(nodes.map(({ code, err }) => ({ code, err }))).toEqual(nodes.map(() => ({ code: 0, err: "" })));
    for (const output of outputs) {
      expect(linesOfAll(join(folder, "shared"), output), output).toEqual(linesOfAll(join(folder, "alone"), output));
    }
    expect(linesOfAll(join(folder, "shared"), "verdicts").length).toBeGreaterThan(50);
    expect(linesOfAll(join(folder, "shared"), "alerts").length).toBeGreaterThan(20);
    const documents = nodes.map(({ out }): number => JSON.parse(out).documents);
    expect(documents.reduce((sum, count) => sum + count, 0)).toBe(8_116);

    const said = await runTagsmith(["status", "--config", shared]);
    expect(said.code).toBe(0);
    expect(said.out).toMatch(/Nodes\nnone/);
    expect(said.out).toMatch(/audit\.log +done +\d{4}-/);
    expect(said.out).toMatch(/done +0 1 2 3 .* 63 +0 steps waiting/);

    const again = await runNodes();
    expect(again.map(({ code }) => code)).toEqual([0, 0, 0]);
    for (const output of outputs) {
      expect(linesOfAll(join(folder, "shared"), output), output).toEqual(linesOfAll(join(folder, "alone"), output));
    }
  }, 120_000);

  it("refuses a node with another configuration, and standard input", async () => {
    const folder = freshFolder("cluster-refused");
    const cluster = `cluster: { name: refused, redis: { redis_url: "${server.url}" }, partitions: 4 }`;
    const first = configIn(folder, "first", cluster);
    expect(await runTagsmith(["run", "--config", first, "--quiet"])).toMatchObject({ code: 0, err: "" });
    const second = configIn(folder, "second", cluster.replace("partitions: 4", "partitions: 5"));
    const refused = await runTagsmith(["run", "--config", second, "--quiet"]);
    expect(refused).toMatchObject({ code: 8 });
    expect(refused.err).toContain("cluster_of_other_config");
    const stdin = join(folder, "stdin.yaml");
    const sink = `{ type: file, labels: ${folder}/a, verdicts: ${folder}/b, dead_letters: ${folder}/c }`;
    writeFileSync(stdin, `source: { type: file, paths: ["-"] }\nsink: ${sink}\n${cluster}`);
    expect(await runTagsmith(["run", "--config", stdin])).toMatchObject({ code: 2 });
  }, 120_000);
});
