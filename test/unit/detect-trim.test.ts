import { describe, expect, it } from "vitest";
import { correlationAlert } from "../../src/detect/alert-of.ts";
import { compileTrim } from "../../src/detect/trim-document.ts";
import { labelDocument, verdictDocument } from "../../src/detect/written-document.ts";
import { labelledEvent, verdict } from "../contract/check-sink.ts";

const one = labelledEvent("e1", "curl -s http://192.0.2.1/x");
const facts = { code: "403", verb: "get" };
const event = { ...one.event, executable: "/usr/bin/curl", parent: "bash", facts, host: "web-1", user: "root" };
const documents = [
  labelDocument({ ...one, event, tags: ["tag_a"] }, "m@1"),
  labelDocument(labelledEvent("e2", "id"), "m@1"),
  verdictDocument({ ...verdict("s", 0.9), hosts: ["web-1"], users: ["root"] }),
];

describe("what is kept of an event that correlations count", () => {
  it("gives the alert that the whole event gives, in half the room", () => {
    const fired = { rule: { id: "r", name: "R", level: "high" as const }, timeMs: 5, group: { host: "web-1" } };
    const kept = documents.map(compileTrim(["host.name"]));
    expect(correlationAlert({ ...fired, documents: kept })).toEqual(correlationAlert({ ...fired, documents }));
    expect(correlationAlert({ ...fired, documents: kept })).toMatchObject({ eventIds: ["e1", "e2"] });
    expect(JSON.stringify(kept[0]).length).toBeLessThan(0.6 * JSON.stringify(documents[0]).length);
  });

  it("holds the fields that correlations read", () => {
    const [full] = documents;
    const kept = compileTrim(["tagsmith.process.parent.command_line", "tagsmith.facts.code", "tagsmith.model"])(
      full ?? {},
    );
    expect(kept).toMatchObject({
      tagsmith: { process: { parent: { command_line: "bash" } }, facts, model: "m@1", event_id: "e1" },
    });
    expect(compileTrim(["tagsmith.verdict.score"])(documents[2] ?? {})).toMatchObject({
      tagsmith: { verdict: { score: 0.9 } },
    });
  });
});
