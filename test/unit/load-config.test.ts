import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";

const minimal = "source: { type: file, paths: [a] }\nsink: { type: file }\n";

describe("configuration", () => {
  it("has defaults for all but source and sink", () => {
    const config = parseConfig(minimal, "t.yaml");
    expect(config.session).toMatchObject({ idle_secs: 1800, min_window_size: 8, score_every: 4, emit: "changes" });
    expect(config.label.top_k).toBe(5);
    expect(config.source["paths"]).toEqual(["a"]);
  });

  it("refuses an unknown key with file and path", () => {
    expect(() => parseConfig(`${minimal}label: { topk: 3 }\n`, "t.yaml")).toThrow(/t\.yaml: label: .*topk/);
  });

  it("refuses a wrong type with file and path", () => {
    expect(() => parseConfig(`${minimal}session: { idle_secs: soon }\n`, "t.yaml")).toThrow(/session\.idle_secs/);
  });

  it("says that a setting is missing", () => {
    expect(() => parseConfig("source: { type: file }\n", "t.yaml")).toThrow("t.yaml: sink: missing; expected object");
  });

  it("refuses duplicate keys and broken YAML", () => {
    expect(() => parseConfig(`${minimal}source: { type: file }\n`, "t.yaml")).toThrow(/unique/i);
    expect(() => parseConfig("source: [", "t.yaml")).toThrow(/t\.yaml/);
  });

  it("is frozen", () => {
    expect(Object.isFrozen(parseConfig(minimal, "t.yaml").session)).toBe(true);
  });
});
