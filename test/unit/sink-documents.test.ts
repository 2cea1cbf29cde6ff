import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alertDocument } from "../../connectors/elasticsearch/sink-alert.ts";
import { compileLabelDocument } from "../../connectors/elasticsearch/sink-label.ts";
import { deadLetterDocument, verdictDocument } from "../../connectors/elasticsearch/sink-outcome.ts";
import { documentId } from "../../connectors/elasticsearch/sink-text.ts";
import { bundled } from "../../src/cli/paths.ts";
import { compileMappings } from "../../src/deploy/compile-mappings.ts";
import { loadStreams } from "../../src/deploy/load-streams.ts";
import { labelDocument, verdictDocument as ruleView } from "../../src/detect/written-document.ts";
import { loadAttack } from "../../src/event/attack.ts";
import { loadVocabulary } from "../../src/event/vocabulary.ts";
import type { Event } from "../../src/sdk/index.ts";
import { alert, labelledEvent, verdict } from "../contract/check-sink.ts";

const context = { model: "m@1", vocabulary: "rev20", techniques: loadAttack(bundled.attack()) };
const format = compileLabelDocument(context);
const nowMs = Date.UTC(2026, 0, 2);
const plain = labelledEvent("e1", "id");
const withEvent = (more: Partial<Event>) => JSON.parse(format({ ...plain, event: { ...plain.event, ...more } }, nowMs));

describe("the document of a label", () => {
  it("holds the event's time, pivots, ECS fields and ours", () => {
    const labels = [
      { label_id: "spawn_reverse_shell", score: 0.9, axis: "execution_and_process" },
      { label_id: "create_user", score: 0.8, axis: "identity_auth_and_secrets" },
      { label_id: "read_system_config", score: 0.25, axis: "observation_and_discovery" },
    ];
    const event = {
      ...plain.event,
      executable: "/bin/nc",
      parent: "900",
      platform: "k8s_audit",
      incomplete: true,
      facts: { response_code: "403", reason: "no \ud800" },
    } as const;
    const made = JSON.parse(format({ event, topLabels: labels, tags: ["spawn_reverse_shell", "create_user"] }, nowMs));
    expect(made).toEqual({
      "@timestamp": "2026-01-01T00:00:00.000Z",
      ecs: { version: "8.17.0" },
      event: { kind: "enrichment", id: "e1", module: "tagsmith", dataset: "tagsmith.labels" },
      host: { name: "web-1" },
      user: { name: "root" },
      tags: ["spawn_reverse_shell", "create_user"],
      threat: {
        framework: "MITRE ATT&CK",
        tactic: { id: ["TA0002", "TA0003"], name: ["Execution", "Persistence"] },
        technique: {
          id: ["T1059", "T1136"],
          name: ["Command and Scripting Interpreter", "Create Account"],
          subtechnique: { id: ["T1059.004"], name: ["Unix Shell"] },
        },
      },
      labels: {
        tagsmith_model: "m@1",
        tagsmith_platform: "k8s_audit",
        tagsmith_session: "web-1|root",
        tagsmith_top_label: "spawn_reverse_shell",
      },
      tagsmith: {
        event_id: "e1",
        text: "id",
        platform: "k8s_audit",
        session: { key: "web-1|root", key_from: "fallback:host+user" },
        top_labels: labels,
        tags: ["spawn_reverse_shell", "create_user"],
        score: { spawn_reverse_shell: 0.9, create_user: 0.8, read_system_config: 0.25 },
        mapping: "plain@1",
        model: "m@1",
        vocabulary: "rev20",
        origin: { source: "test", container: "test", document: "e1" },
        orchestrator: { type: "kubernetes" },
        process: { executable: "/bin/nc", parent: { pid: 900 } },
        incomplete: true,
        facts: { response_code: "403", reason: "no \ufffd" },
      },
    });
  });

  it("keeps no more facts, and no longer ones, than servers take, and rules see the same", () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`fact_${n}`, "v"]));
    const hostile = {
      long: "\u20ac".repeat(40_000),
      pair: `${"x".repeat(8_190)}\u{1f600}`,
      ["n".repeat(9_000)]: "x",
      "a\0b": "x",
    };
    const facts = { ...hostile, ...many };
    const { facts: written } = withEvent({ facts }).tagsmith;
    expect(Object.keys(written)).toHaveLength(100);
    for (const [name, value] of Object.entries<string>(written)) {
      expect(Buffer.byteLength(`tagsmith.facts.${name}=${value}`)).toBeLessThan(32_766);
      expect(name).not.toContain("\0");
    }
    expect(written.long).toBe("\u20ac".repeat(8_191));
    expect(written.pair).toBe("x".repeat(8_190));
    const event = { ...plain.event, facts };
    expect(labelDocument({ ...plain, event }, "m@1")).toMatchObject({ tagsmith: { facts: written } });
    expect(withEvent({ facts: {} }).tagsmith).not.toHaveProperty("facts");
  });

  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, -1e15, 4e14])(
    "takes the time of writing, and says so, where the event's is %s",
    (timeMs) => {
      const made = JSON.parse(format({ ...plain, event: { ...plain.event, timeMs: timeMs ?? Number.NaN } }, nowMs));
      expect(made["@timestamp"]).toBe("2026-01-02T00:00:00.000Z");
      expect(made.tagsmith.time_missing).toBe(true);
    },
  );

  it("keeps microseconds", () => {
    expect(withEvent({ timeMs: 1_767_225_600_000.25 })["@timestamp"]).toBe("2026-01-01T00:00:00.000250Z");
  });

  it("leaves out scores that are no numbers", () => {
    const topLabels = [{ label_id: "a", score: Number.NaN, axis: "x" }];
    expect(JSON.parse(format({ ...plain, topLabels, tags: [] }, nowMs)).tagsmith).toMatchObject({
      top_labels: [],
      score: {},
    });
  });

  it("does not give one event the tags of another that shares its labels", () => {
    const first = JSON.parse(format(plain, nowMs));
    const second = JSON.parse(format({ ...plain, tags: ["tag_b"] }, nowMs));
    expect([first.tags, second.tags]).toEqual([["tag_a"], ["tag_b"]]);
  });

  it("is JSON whatever the event holds, and gives texts back, half surrogates mended", () => {
    const text = fc.string({ unit: "binary", maxLength: 40 });
    const parts = fc.record({
      id: text,
      text,
      sessionKey: text,
      host: text,
      user: text,
      executable: text,
      parent: text,
      mapping: text,
    });
    fc.assert(
      fc.property(parts, text, (event, document) => {
        const origin = { ...plain.event.origin, document, container: document };
        const made = withEvent({ ...event, origin });
        expect(made.tagsmith.text).toBe(event.text.toWellFormed());
        expect(made.host.name).toBe(event.host.toWellFormed());
        expect(made.tagsmith.origin.document).toBe(document.toWellFormed());
      }),
    );
  });

  it("shows what it writes to rules", () => {
    const event = { ...plain.event, facts: { code: "403" }, incomplete: true } as const;
    const { tagsmith } = JSON.parse(format({ ...plain, event }, nowMs));
    const { vocabulary: _, ...seen } = tagsmith;
    expect(labelDocument({ ...plain, event }, "m@1")).toMatchObject({ tagsmith: seen });
  });

  it("holds only fields that are mapped or meant to be kept unsearchable", () => {
    const streams = loadStreams(bundled.streams());
    const tags = loadVocabulary(bundled.vocabulary()).tags.map(({ id }) => id);
    const fields = { ...streams.common, ...streams.streams["labels"]?.fields };
    const mapped = fieldPaths(
      compileMappings(fields, tags, { wildcard: true, matchOnlyText: true, flat: "flattened" }, {}),
    );
    const topLabels = [{ label_id: "spawn_reverse_shell", score: 0.9, axis: "x" }];
    const made = JSON.parse(format({ ...plain, topLabels, tags: ["spawn_reverse_shell"] }, nowMs));
    const unmapped = leafPaths(made).filter((path) => !mapped.includes(path));
    expect(unmapped).toEqual(["tagsmith.top_labels.score"]);
  });

  it("of an alert holds mapped fields only, kind and group included", () => {
    const streams = loadStreams(bundled.streams());
    const fields = { ...streams.common, ...streams.streams["alerts"]?.fields };
    const types = { wildcard: true, matchOnlyText: true, flat: "flattened" } as const;
    const mapped = fieldPaths(compileMappings(fields, ["tag_a"], types, {}));
    const group = { "host.name": "web-1", "tagsmith.text": "\u20ac".repeat(40_000) };
    const made = JSON.parse(alertDocument({ ...alert("a"), kind: "correlation", group }, context, nowMs));
    const unmapped = leafPaths(made).filter(
      (path) => !mapped.some((one) => path === one || path.startsWith(`${one}.`)),
    );
    expect(unmapped).toEqual([]);
    expect(made.tagsmith.alert).toMatchObject({ kind: "correlation", group: { "host.name": "web-1" } });
    expect(made.tagsmith.alert.group["tagsmith.text"]).toHaveLength(8_191);
  });
});

/** Paths of the fields that a mapping makes searchable. */
function fieldPaths(mapping: unknown, path = ""): string[] {
  const properties = Reflect.get(Object(mapping), "properties");
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([name, inner]) =>
    fieldPaths(inner, path === "" ? name : `${path}.${name}`),
  );
}

function leafPaths(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((one) => leafPaths(one, path)))];
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leafPaths(inner, path === "" ? key : `${path}.${key}`));
}

describe("the documents of verdicts and dead letters", () => {
  it("say by event.kind what they are", () => {
    const kindOf = (text: string): string => JSON.parse(text).event.kind;
    expect(kindOf(verdictDocument(verdict("s", 0.9), context, nowMs))).toBe("alert");
    expect(kindOf(verdictDocument(verdict("s", 0.1), context, nowMs))).toBe("state");
    const letter = { id: "d", code: "c", reason: "r", source: "s", container: "c", document: "x", excerpt: "\ud800" };
    expect(kindOf(deadLetterDocument(letter, nowMs))).toBe("pipeline_error");
  });

  it("time a verdict by its last event and give each tag once beside the order", () => {
    const tags = ["create_user", "spawn_reverse_shell", "create_user"];
    const made = JSON.parse(verdictDocument({ ...verdict("s", 0.875), tags }, context, nowMs));
    expect(made).toMatchObject({
      "@timestamp": "2026-01-01T00:00:01.000500Z",
      event: { start: "2026-01-01T00:00:00.000Z", risk_score: 87.5 },
      tags: ["create_user", "spawn_reverse_shell"],
      tagsmith: { verdict: { tags, session_key: "s", verdict: "intrusion" } },
    });
  });
});

describe("the document of a verdict", () => {
  it("holds what rules see of it, and only fields that are mapped or meant to be kept unsearchable", () => {
    const judged = { ...verdict("s", 0.9), lastTimeMs: 1_767_225_600_000 };
    const made = JSON.parse(verdictDocument(judged, context, nowMs));
    expect(made).toMatchObject(ruleView(judged));
    const streams = loadStreams(bundled.streams());
    const fields = { ...streams.common, ...streams.streams["verdicts"]?.fields };
    const mapped = fieldPaths(
      compileMappings(fields, [], { wildcard: true, matchOnlyText: true, flat: "flattened" }, {}),
    );
    const kept = ["tagsmith.verdict.tags", "tagsmith.verdict.contributions.value"];
    expect(leafPaths(made).filter((path) => !mapped.includes(path))).toEqual(kept);
  });
});

describe("document ids", () => {
  it("are ours where servers take them, else a hash: never empty, never longer than 512 bytes, never mixed up", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 600 }),
        fc.string({ unit: "binary", maxLength: 600 }),
        (a, b) => {
          const id = documentId(a);
          expect(Buffer.byteLength(id)).toBeGreaterThan(0);
          expect(Buffer.byteLength(id)).toBeLessThanOrEqual(512);
          expect(documentId(a)).toBe(id);
          if (a.toWellFormed() !== b.toWellFormed()) expect(documentId(b)).not.toBe(id);
        },
      ),
    );
    expect(documentId("linux|web-1|x|1#part2")).toBe("linux|web-1|x|1#part2");
  });
});
