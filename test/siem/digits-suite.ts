import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fieldOf, listOf } from "../../connectors/elasticsearch/classify-error.ts";
import { freshFolder, runTagsmith } from "../e2e/tagsmith-process.ts";
import { pollSource, readAll } from "./poll-scene.ts";
import type { Settings, SiemScene } from "./siem-scene.ts";

/** Numbers as a server keeps them in a document, which no double holds. */
const big = "9223372036854775807";
const below = "-9007199254740993";
const unsigned = "18446744073709551615";
const beyond = "123456789012345678901234567890";
const nanos = "1767607200.123456789";
const fine = "0.12345678901234567890123";
/** Texts that look like numbers are no numbers. */
const huge = "1e400";
const zeros = "000000000000000000042";

/** A process event as JSON text: no value of this language has these numbers. */
const event =
  `"@timestamp":"2026-01-05T10:00:00Z","event":{"action":"process_started","dataset":"process","module":"system"},` +
  `"host":{"name":"web-1"},"user":{"name":"root"}`;
const labelled =
  `{${event},"process":{"args":["kill",${big},${below},${unsigned},${beyond},${nanos},${fine},"${huge}","${zeros}",42,0.5],` +
  `"executable":"/bin/kill"},"labels":{"case_id":${big},"wide":${beyond},"at":${nanos},"share":${fine}}}`;
/** No text for the model, so it becomes a dead letter. */
const refused = `{${event},"process":{"args":[{"n":${unsigned},"f":${nanos},"t":"${huge}"}]},"labels":{"case_id":${below}}}`;

/** What becomes of numbers that a double does not hold on their way from a document through a run. */
export function digitsSuite(scene: SiemScene): void {
  describe("numbers beyond what a double holds", () => {
    it("keep every digit in what is read", async () => {
      const labels = await readLabels(scene, {});
      expect(labels).toEqual([{ case_id: big, wide: beyond, at: nanos, share: fine }, { case_id: below }]);
    });

    it("keep every digit where only some fields are fetched, except fractions, which the server writes anew", async () => {
      const labels = await readLabels(scene, { fields: ["@timestamp", "labels.*"] });
      const doubles = { at: Number(nanos), share: Number(fine) };
      expect(labels).toEqual([{ case_id: big, wide: beyond, ...doubles }, { case_id: below }]);
    });

    it("keep every digit in labels and dead letters", async () => {
      const index = await writeDigits(scene);
      const config = writeConfig(scene, index);
      expect(await runTagsmith(["install", "--config", config])).toMatchObject({ code: 0, err: "" });
      expect(await runTagsmith(["run", "--quiet", "--config", config])).toMatchObject({ code: 0, err: "" });
      const [label, ...others] = await tagsmithParts(scene, `tagsmith-labels-${namespaceOf(index)}`);
      expect(others).toEqual([]);
      expect(label).toMatchObject({
        text: `kill ${big} ${below} ${unsigned} ${beyond} ${nanos} ${fine} ${huge} ${zeros} 42 0.5`,
        session: { key: expect.stringMatching(new RegExp(`\\b${big}$`)) },
        origin: { document: "labelled" },
      });
      const [letter, ...more] = await tagsmithParts(scene, `tagsmith-deadletters-${namespaceOf(index)}`);
      expect(more).toEqual([]);
      const excerpt = String(fieldOf(fieldOf(letter, "dead_letter"), "excerpt"));
      for (const number of [unsigned, nanos, huge, below]) expect(excerpt).toContain(`"${number}"`);
    });
  });
}

/** What is read of `labels`, by the id of the document. */
async function readLabels(scene: SiemScene, settings: Settings): Promise<unknown[]> {
  const index = await writeDigits(scene);
  const { records } = await readAll(pollSource(scene, { indices: [index], ...settings }));
  const read = records.toSorted((a, b) => a.id.localeCompare(b.id));
  return read.map((one) => one.kind === "document" && fieldOf(one.document, "labels"));
}

/** An index that takes documents as they are, whatever their numbers are. */
async function writeDigits(scene: SiemScene): Promise<string> {
  const index = scene.freshName("digits");
  const mappings = { dynamic: false, properties: { "@timestamp": { type: "date" } } };
  await scene.ask({ method: "PUT", path: `/${index}`, body: { mappings } });
  const lines = [`{"create":{"_id":"labelled"}}`, labelled, `{"create":{"_id":"refused"}}`, refused];
  const request = { method: "POST", path: `/${index}/_bulk`, query: { refresh: true } } as const;
  expect(await scene.ask({ ...request, ndjson: `${lines.join("\n")}\n` })).toMatchObject({ errors: false });
  return index;
}

function writeConfig(scene: SiemScene, index: string): string {
  const folder = freshFolder("digits");
  const { product } = scene.client.server;
  const reach = { type: product, urls: [scene.server.url] };
  const config = {
    source: { ...reach, indices: [index], from: "beginning", once: true, safety_lag_secs: 0 },
    sink: { ...reach, namespace: namespaceOf(index), refresh: "true" },
    state: { path: join(folder, "state.db") },
    mappings: { session: { "*": [{ fields: ["labels.case_id"] }] } },
    label: { workers: 1 },
  };
  const path = join(folder, "tagsmith.json");
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** Names of streams have no dash there. */
function namespaceOf(index: string): string {
  return index.replaceAll("-", "_");
}

async function tagsmithParts(scene: SiemScene, index: string): Promise<unknown[]> {
  const body: Settings = { size: 10, query: { match_all: {} } };
  const found = await scene.ask({ method: "POST", path: `/${index}/_search`, body });
  return listOf(fieldOf(fieldOf(found, "hits"), "hits")).map((hit) => fieldOf(fieldOf(hit, "_source"), "tagsmith"));
}
