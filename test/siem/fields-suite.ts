import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../samples/random.ts";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createFieldPlanner } from "../../src/normalize/field-planner.ts";
import type { Document, FieldPlan, SourceRecord } from "../../src/sdk/index.ts";
import { freshFolder, linesOf, runTagsmith } from "../e2e/tagsmith-process.ts";
import { createReader, distort, mappings, samples } from "../unit/field-samples.ts";
import { pollSource, readAll } from "./poll-scene.ts";
import type { SiemScene } from "./siem-scene.ts";

const received = Date.parse("2026-01-05T10:00:00Z");
/** Time fields of the samples are of all kinds, so they are read by one of our own. */
const body = { mappings: { dynamic: false, properties: { received: { type: "date" } } } };
const settings = { time_fields: ["received"], batch_records: 50 };

/** Reading only what mappings need must make no difference to what is read. */
export function fieldsSuite(scene: SiemScene): void {
  const create = async (prefix: string, documents: readonly Document[]): Promise<string> => {
    const index = scene.freshName(prefix);
    await scene.ask({ method: "PUT", path: `/${index}`, body });
    const lines = documents.flatMap((document, n) => [
      JSON.stringify({ create: { _index: index, _id: `d${n}` } }),
      JSON.stringify({ ...document, received: new Date(received + n).toISOString() }),
    ]);
    const query = { refresh: true };
    await scene.ask({ method: "POST", path: "/_bulk", query, ndjson: `${lines.join("\n")}\n` });
    return index;
  };
  type Fetch = (index: string, from: number, to: number, plan?: FieldPlan) => Promise<readonly Document[]>;
  /** Documents of an index by their number, in order. */
  const fetch: Fetch = async (index, from, to, plan) => {
    const fields = plan === undefined ? {} : { _source: { includes: plan.paths } };
    const bounds = { gte: received + from, lt: received + to, format: "epoch_millis" };
    const search = { ...fields, size: 1_000, sort: [{ received: "asc" }], query: { range: { received: bounds } } };
    const answer = await scene.ask({ method: "POST", path: `/${index}/_search`, body: search });
    return JSON.parse(JSON.stringify(answer)).hits.hits.map((hit: { readonly _source: Document }) => hit._source);
  };
  const fetchEnough: Fetch = async (index, from, to) => {
    const planner = createFieldPlanner(mappings, builtInReaders, () => undefined);
    for (;;) {
      const plan = planner.plan();
      const documents = await fetch(index, from, to, plan);
      const lacking = documents.filter((document) => plan !== undefined && !plan.suffices(document, index));
      if (lacking.length === 0) return documents;
    }
  };
  /** Reads groups of documents whole and cut down. Returns how many there were: the server refuses some. */
  const compare = async (groups: readonly (readonly Document[])[]): Promise<number> => {
    const [whole, cut] = [createReader(), createReader()];
    const index = await create("fields", groups.flat());
    let from = 0;
    let count = 0;
    for (const group of groups) {
      const all = await fetch(index, from, from + group.length);
      const some = await fetchEnough(index, from, from + group.length);
      expect(some.map((one) => cut.one(one, index))).toEqual(all.map((one) => whole.one(one, index)));
      from += group.length;
      count += all.length;
    }
    return count;
  };

  /** What the command writes of an index. */
  const run = async (index: string, fields: "all" | "mapped") => {
    const folder = freshFolder("fields");
    const { product } = scene.client.server;
    const reach = { type: product, urls: [scene.server.url], indices: [index], time_fields: ["received"] };
    const outputs = { labels: "labels", verdicts: "verdicts", dead_letters: "dead" };
    const config = {
      source: { ...reach, from: "beginning", once: true, safety_lag_secs: 0, fields },
      sink: { type: "file", ...outputs },
      state: { path: "state.db" },
      label: { workers: 1 },
    };
    writeFileSync(join(folder, "tagsmith.json"), JSON.stringify(config));
    const { code, err } = await runTagsmith(["run", "--quiet", "--config", "tagsmith.json"], folder);
    expect(code, err).toBe(0);
    return { labels: linesOf(folder, "labels"), verdicts: linesOf(folder, "verdicts"), err };
  };

  describe("fetching only what mappings read", () => {
    it("leaves every kind of document reading as it does whole", async () => {
      const groups = [...Map.groupBy(samples, ({ mapping }) => mapping).values()];
      const documents = groups.map((group) => group.map(({ document }) => document));
      expect(await compare(documents)).toBeGreaterThan(samples.length * 0.9);
    });

    it("leaves documents reading so however oddly they are written", async () => {
      const random = createRandom(5);
      const odd = (): Document => distort(random.pick(samples).document, random);
      const groups = Array.from({ length: 20 }, () => Array.from({ length: 5 }, odd));
      expect(await compare(groups)).toBeGreaterThan(60);
    });

    it("gives a poll the same events with the same ids, and whole documents once a mapping needs them", async () => {
      const own = samples.filter(
        ({ mapping }) => mapping === "elastic-defend-process" || mapping === "ecs-process-start",
      );
      const padding = { cloud: { account: "x".repeat(500) }, related: { hash: ["y".repeat(500)] } };
      const documents = Array.from({ length: 60 }, (_, n) => ({ ...own[n % own.length]?.document, ...padding }));
      const index = await create("polled", documents);
      const notices: string[] = [];
      const planner = createFieldPlanner(mappings, builtInReaders, (why) => notices.push(why));
      const read = async (fields: "all" | "mapped"): Promise<readonly SourceRecord[]> => {
        const watch = { waits: [], fieldPlan: planner.plan };
        return (await readAll(pollSource(scene, { ...settings, indices: [index], fields }, watch))).records;
      };
      const events = (records: readonly SourceRecord[]): unknown => createReader().all(records);
      const all = await read("all");
      const some = await read("mapped");
      expect(events(some)).toEqual(events(all));
      expect(JSON.stringify(all)).toContain("xxxxx");
      expect(JSON.stringify(some)).not.toMatch(/xxxxx|yyyyy/);
      expect(notices).toEqual([]);
      const late = samples.find(({ mapping }) => mapping === "k8s-audit-event")?.document;
      await scene.write(index, [{ ...late, received: new Date(received + 30.5).toISOString() }]);
      const mixed = await read("mapped");
      expect(events(mixed)).toEqual(events(await read("all")));
      expect(notices).toEqual([expect.stringContaining("k8s-audit-event")]);
    });

    it("gives a run the same labels and verdicts, and says when whole documents are needed after all", async () => {
      const names = /"mapping":"(?:elastic-defend-process|auditbeat-auditd)@/;
      const own = samples.filter(({ document }) => names.test(JSON.stringify(createReader().one(document, "logs"))));
      // Without a time of their own, events take that of the run.
      const timed = own.map(({ document }) => ({ "@timestamp": "2026-01-05T10:00:00Z", ...document }));
      const index = await create("run", timed);
      const all = await run(index, "all");
      const some = await run(index, "mapped");
      expect(all.labels.length).toBeGreaterThan(5);
      expect(some).toEqual(all);
      expect(some.err).toBe("");
      const whole = await create(
        "run",
        samples.filter(({ mapping }) => mapping === "laurel").map(({ document }) => document),
      );
      const { err, ...read } = await run(whole, "mapped");
      const { err: none, ...wanted } = await run(whole, "all");
      expect(read).toEqual(wanted);
      expect(none).toBe("");
      expect(err).toMatch(
        /^tagsmith: warning: the mapping laurel reads all of a document, so whole documents [^\n]+\n$/,
      );
    });
  });
}
