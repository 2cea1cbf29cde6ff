import { describe, expect, it } from "vitest";
import { readInputRow, rowText } from "../../src/label/input-row.ts";
import { formatPrediction, parsePrediction } from "../../src/label/prediction-row.ts";

const LABELS = [{ label_id: "read_file", score: 0.912345, axis: "discovery" }];

describe("rowText", () => {
  it("takes the first non-blank of the text fields in their order", () => {
    expect(rowText({ message: "m", raw: "r", command: " ", cmdline: "" })).toBe("r");
    expect(rowText({ event: "e", k8slog: " k \n", raw: "r" })).toBe("k");
  });

  it("passes over fields of a wrong type", () => {
    expect(rowText({ cmdline: 7, command: ["ls"], k8slog: null, raw: { a: 1 }, event: "ls" })).toBe("ls");
    expect(rowText({})).toBe("");
  });
});

describe("readInputRow", () => {
  it("reads gold tags once each and leaves out what is no tag", () => {
    expect(readInputRow({ raw: "ls", behavior_tags: ["a", "a", 3, "", "b"] }).goldTags).toEqual(["a", "b"]);
    expect(readInputRow({ raw: "ls", behavior_tags: "a" }).goldTags).toEqual([]);
  });
});

describe("formatPrediction", () => {
  it("numbers rows without an id and carries on what the input had", () => {
    const row = readInputRow({ raw: "ls", session_id: "s1", expected: ["a"], source: "f", source_index: 0, other: 1 });
    expect(JSON.parse(formatPrediction(row, 7, LABELS))).toEqual({
      observation_id: "event:7",
      command: "ls",
      session_id: "s1",
      expected: ["a"],
      source: "f",
      source_index: 0,
      top_labels: LABELS,
    });
  });

  it("keeps the row's own id", () => {
    const row = readInputRow({ observation_id: "x", raw: "ls" });
    expect(JSON.parse(formatPrediction(row, 0, LABELS))).toMatchObject({ observation_id: "x" });
  });

  it("writes one line for any text, and reads back what it wrote", () => {
    const text = 'printf "a\nb\u2028" \0 \uD800';
    const line = formatPrediction(readInputRow({ raw: text, session_id: "s" }), 0, LABELS);
    expect(line).not.toContain("\n");
    expect(parsePrediction(line)).toEqual({
      kind: "prediction",
      prediction: { observationId: "event:0", sessionId: "s", text, topLabels: LABELS },
    });
  });
});

describe("parsePrediction", () => {
  it.each([
    ["{", "not JSON"],
    ["[]", "object"],
    ['{"command":"ls"}', "top_labels"],
    ['{"command":"ls","top_labels":[{"label_id":"a","score":"high"}]}', "score"],
  ])("says why %s is no prediction", (line, reason) => {
    const parsed = parsePrediction(line);
    expect(parsed.kind).toBe("invalid");
    expect(parsed.kind === "invalid" && parsed.reason).toContain(reason);
  });
});
