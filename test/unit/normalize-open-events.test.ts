import path from "node:path";
import { describe, expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer, type Normalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import type { Result } from "../../src/normalize/result.ts";
import type { Document, SourceRecord } from "../../src/sdk/document.ts";

const mappings = loadMappings(path.resolve(import.meta.dirname, "../../mappings"));
const create = (): Normalizer => createNormalizer({ mappings, readers: builtInReaders, source: "file" });

function stage(name: string, second: number, auditID = "a-1"): Document {
  const stageTimestamp = `2026-01-02T03:04:${String(second).padStart(2, "0")}Z`;
  return {
    verb: "create",
    auditID,
    stage: name,
    stageTimestamp,
    objectRef: { resource: "pods", subresource: "exec" },
    user: { username: "alice" },
  };
}

function recordsOf(documents: readonly Document[], from = 1): SourceRecord[] {
  return documents.map((document, index) => ({
    kind: "document",
    document,
    container: "audit.log",
    id: `line:${from + index}`,
    sequence: from + index,
  }));
}

function outline(results: readonly Result[]): string[] {
  return results.map((result) => {
    const what =
      result.kind === "event" ? (/stage=(\w+)/.exec(result.event.text)?.[1] ?? result.event.text) : result.code;
    return `${what} ${result.records.map((record) => record.id.slice(5)).join(",")}`;
  });
}

describe("stages of one Kubernetes request", () => {
  it("give one event, of the best stage, at once when it is the last", () => {
    const results = create().normalize(
      recordsOf([stage("RequestReceived", 1), stage("ResponseStarted", 2), stage("ResponseComplete", 3)]),
    );
    expect(outline(results)).toEqual(["k8s_stage_repeated 1", "k8s_stage_repeated 2", "ResponseComplete 3"]);
  });

  it("do not wait for an end longer than event time says, and know it when it comes", () => {
    const normalizer = create();
    expect(outline(normalizer.normalize(recordsOf([stage("ResponseStarted", 1)])))).toEqual([]);
    const later = normalizer.normalize(
      recordsOf([stage("ResponseComplete", 30, "a-2"), stage("ResponseComplete", 50)], 2),
    );
    expect(outline(later)).toEqual(["ResponseComplete 2", "ResponseStarted 1", "k8s_stage_repeated 3"]);
  });

  it("are given out at the end of input, and skipped when they come after the last one", () => {
    const normalizer = create();
    const results = normalizer.normalize(
      recordsOf([stage("ResponseComplete", 1), stage("ResponseStarted", 1), stage("ResponseStarted", 2, "a-3")]),
    );
    expect(outline(results)).toEqual(["ResponseComplete 1", "k8s_stage_repeated 2"]);
    expect(outline(normalizer.flush())).toEqual(["ResponseStarted 3"]);
    expect(outline(normalizer.flush())).toEqual([]);
  });

  it("with equal ids but other users or no id are events of their own", () => {
    const other = { ...stage("ResponseComplete", 1), user: { username: "bob" } };
    const { auditID: _, ...unnamed } = stage("ResponseStarted", 1);
    const results = create().normalize(recordsOf([stage("ResponseComplete", 1), other, unnamed]));
    expect(outline(results)).toEqual(["ResponseComplete 1", "ResponseComplete 2", "ResponseStarted 3"]);
  });

  it("wait in bounded number", () => {
    const normalizer = create();
    const many = Array.from({ length: 3000 }, (_, index) => stage("ResponseStarted", 1, `b-${index}`));
    expect(normalizer.normalize(recordsOf(many))).toHaveLength(3000 - 1024);
    expect(normalizer.state().length).toBeLessThan(1_500_000);
  });
});

describe("a restart", () => {
  const lines = [
    'type=SYSCALL msg=audit(1767323045.123:77): arch=c000003e syscall=59 success=yes items=2 pid=900 auid=1000 uid=0 tty=pts0 ses=3 comm="id" exe="/usr/bin/id"',
    'type=EXECVE msg=audit(1767323045.123:77): argc=2 a0="id" a1="-u"',
    "type=PROCTITLE msg=audit(1767323045.123:77): proctitle=6964002D75",
    "type=EOE msg=audit(1767323045.123:77):",
  ].map((message): Document => ({ message }));
  const documents = [
    lines[0],
    stage("ResponseStarted", 1),
    lines[1],
    stage("RequestReceived", 2, "a-2"),
    lines[2],
    stage("ResponseComplete", 3),
    lines[3],
  ].filter((one) => one !== undefined);

  it.each(documents.map((_, index) => index))("after %i records changes nothing", (cut) => {
    const records = recordsOf(documents);
    const straight = create();
    const expected = [...straight.normalize(records), ...straight.flush()];
    const before = create();
    const first = before.normalize(records.slice(0, cut));
    const after = create();
    after.restore(before.state());
    const results = [...first, ...after.normalize(records.slice(cut)), ...after.flush()];
    expect(outline(results)).toEqual(outline(expected));
    expect(results.flatMap((r) => (r.kind === "event" ? r.event : []))).toEqual(
      expected.flatMap((r) => (r.kind === "event" ? r.event : [])),
    );
  });

  it.each(["", "{}", "null", '{"version":2,"memories":{}}', '{"version":1,"memories":{"k8s-audit-event":"x"}}'])(
    "refuses the state %j",
    (state) => {
      expect(() => create().restore(state)).toThrow(/state/);
    },
  );
});

const startOnly = "type=SYSCALL msg=audit(1767322800.100:7): arch=c000003e syscall=59 success=yes ppid=1 pid=2 ses=3";
const endMs = Date.UTC(2026, 0, 2, 3, 4, 5);

describe("what a live source will not end", () => {
  const open = [stage("ResponseStarted", 1), { message: startOnly, host: { name: "web-1" } }];

  it("comes out once it has been open for half a minute by the clock, and not before", () => {
    const normalizer = create();
    normalizer.normalize(recordsOf(open));
    expect(normalizer.release(endMs)).toEqual([]);
    expect(normalizer.release(endMs + 29_999)).toEqual([]);
    const results = normalizer.release(endMs + 30_000);
    expect(results).toHaveLength(2);
    expect(results.flatMap(({ records }) => records.map(({ id }) => id)).sort()).toEqual(["line:1", "line:2"]);
    expect(normalizer.release(endMs + 90_000)).toEqual([]);
  });

  it("leaves what was opened later its own half minute", () => {
    const normalizer = create();
    normalizer.normalize(recordsOf(open.slice(0, 1)));
    normalizer.release(endMs);
    normalizer.normalize(recordsOf([stage("ResponseStarted", 2, "a-2")], 2));
    normalizer.release(endMs + 20_000);
    expect(outline(normalizer.release(endMs + 31_000))).toEqual(["ResponseStarted 1"]);
    expect(outline(normalizer.release(endMs + 50_000))).toEqual(["ResponseStarted 2"]);
  });

  it("is known when the rest comes after all", () => {
    const normalizer = create();
    normalizer.normalize(recordsOf(open));
    normalizer.release(endMs);
    normalizer.release(endMs + 30_000);
    const title = { message: startOnly.replace("SYSCALL", "PROCTITLE"), host: { name: "web-1" } };
    const late = normalizer.normalize(recordsOf([stage("ResponseComplete", 3), title], 3));
    expect(outline([...late, ...normalizer.flush()])).toEqual(["k8s_stage_repeated 3", "auditd_record_late 4"]);
  });

  it("waits anew after a restart, and when the clock is put back", () => {
    const stopped = create();
    stopped.normalize(recordsOf(open));
    stopped.release(endMs);
    const normalizer = create();
    normalizer.restore(stopped.state());
    expect(normalizer.release(endMs + 30_000)).toEqual([]);
    expect(normalizer.release(endMs)).toEqual([]);
    expect(normalizer.release(endMs + 30_000)).toHaveLength(2);
  });
});

describe("an explanation", () => {
  it("names every mapping tried, the test that failed, the text's field and the session's", () => {
    const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "file", explain: true });
    const [result] = normalizer.normalize(
      recordsOf([
        { process: { args: ["id"], executable: "/bin/id", parent: { entity_id: "P" } }, event: { module: "endpoint" } },
      ]),
    );
    expect(result?.explanation).toMatchObject({ text: "join process.args", session: "process.parent.entity_id" });
    expect(result?.explanation?.tried.at(-1)).toMatchObject({ mapping: "elastic-defend-process@2", outcome: "took" });
    const list = result?.explanation?.tried.find(({ mapping }) => mapping.startsWith("k8s-audit-list@"));
    expect(list?.why).toContain("items");
  });

  it("opens envelopes, and says what was tried in vain", () => {
    const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "file", explain: true });
    const [inner, unknown] = normalizer.normalize(recordsOf([{ message: '{"command":"id"}' }, { a: 1 }]));
    expect(inner?.explanation?.inner?.[0]).toMatchObject({ text: "command" });
    expect(unknown?.explanation?.tried).toHaveLength(mappings.length);
  });
});

describe("hostile documents", () => {
  it("report fields of the wrong type, and the event stands", () => {
    const [result] = create().normalize(recordsOf([{ command: "id", host: { a: 1 }, time: "soon", session_id: {} }]));
    expect(result).toMatchObject({ kind: "event", wrongTypes: ["time", "session_id", "host"] });
  });

  it("open as many envelopes as shippers put around one another", () => {
    let text = '{"command":"id"}';
    for (let depth = 0; depth < 6; depth += 1) text = JSON.stringify({ message: text });
    expect(create().normalize(recordsOf([JSON.parse(text)]))).toMatchObject([{ kind: "event", event: { text: "id" } }]);
  });

  it("stop at a bound: envelopes in envelopes, a million levels, a huge argument list", () => {
    let text = '{"command":"id"}';
    for (let depth = 0; depth < 8; depth += 1) text = JSON.stringify({ message: text });
    const bomb = `${"[".repeat(1_000_000)}`;
    const args = Array.from({ length: 100_000 }, (_, index) => `arg${index}`);
    const documents = [{ message: text }, { message: bomb }, { command: args }];
    const results = create().normalize(recordsOf(documents));
    expect(results[0]).toMatchObject({ code: "mapping_nested_too_deep" });
    expect(results[1]).toMatchObject({ kind: "event", event: { incomplete: true } });
    expect(results[2]).toMatchObject({ kind: "event", event: { incomplete: true } });
  });
});
