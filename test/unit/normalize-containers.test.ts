import path from "node:path";
import { describe, expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappings, parseMapping } from "../../src/normalize/load-mappings.ts";
import { compileContainers } from "../../src/normalize/match-container.ts";
import type { Document } from "../../src/sdk/document.ts";

const mapping = (name: string, more: string) =>
  parseMapping(`name: ${name}\nversion: 1\ntitle: ${name}\nprecedence: 50\n${more}`, `${name}.yaml`);
const byContent = "recognise: { field: cmd, exists: true }\n";

function readBy(mappings: ReturnType<typeof mapping>[], document: Document, container: string): string {
  const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "test", explain: true });
  const [result] = normalizer.normalize([{ kind: "document", document, container, id: "1", sequence: 1 }]);
  const took = result?.explanation?.tried.at(-1);
  if (result?.kind === "event") {
    expect(took?.mapping).toBe(result.event.mapping);
    return `${result.event.mapping} ${took?.outcome}`;
  }
  return result?.kind === undefined ? "none" : result.code;
}

describe("the name of an index", () => {
  it.each([
    ["logs-app-*", "logs-app-default", true],
    ["logs-app-*", ".ds-logs-app-default-2026.01.01-000001", true],
    ["logs-app-*", "prod:.ds-logs-app-default-2026.01.01-000001", true],
    ["logs-app-*", "logs-apps", false],
    ["*app*fault", "logs-app-default", true],
    ["a*aa", "aa", false],
    ["a*a", "aa", true],
    ["a*ab*b", "aabb", true],
    ["a*ab*ab", "aab", false],
    ["exact", "exact", true],
    ["exact", "exactly", false],
    ["*", "", true],
  ])("%s fits %s: %s", (pattern, name, fits) => {
    expect(compileContainers([pattern])(name)).toBe(fits);
  });

  it("settles which of two equal mappings reads a document", () => {
    const two = [
      mapping("a-any", `${byContent}text: [cmd]`),
      mapping("b-app", `${byContent}containers: [logs-app-*]\ntext: [cmd]`),
    ];
    expect(readBy(two, { cmd: "id" }, "logs-app-x")).toBe("b-app@1 took");
    expect(readBy(two, { cmd: "id" }, "elsewhere")).toBe("a-any@1 took");
  });

  it("brings a document to the mapping for its index when no content tells, but only as an event", () => {
    const one = [mapping("app", `recognise: { field: kind, equals: app }\ncontainers: [logs-app-*]\ntext: [cmd]`)];
    expect(readBy(one, { cmd: "id" }, "logs-app-x")).toBe("app@1 took by container");
    expect(readBy(one, { cmd: "id" }, "elsewhere")).toBe("mapping_unknown_shape");
    expect(readBy(one, { other: 1 }, "logs-app-x")).toBe("mapping_unknown_shape");
  });

  it("keeps a mapping from all other documents where it says within", () => {
    const one = [mapping("app", `${byContent}within: [logs-app-*]\ntext: [cmd]`)];
    expect(readBy(one, { cmd: "id" }, "logs-app-x")).toBe("app@1 took");
    expect(readBy(one, { cmd: "id" }, "elsewhere")).toBe("mapping_unknown_shape");
  });

  it("tells what a document of Elastic Defend is that has lost its marks, and nothing that was not executed", () => {
    const bundled = loadMappings(path.resolve(import.meta.dirname, "../../mappings"));
    const index = ".ds-logs-endpoint.events.process-default-2026.01.01-000001";
    const start = { process: { command_line: "id -u" }, event: { action: "exec" } };
    expect(readBy(bundled, start, index)).toMatch(/^elastic-defend-process@\d+ took by container$/);
    expect(readBy(bundled, start, "elsewhere")).toBe("mapping_unknown_shape");
    expect(readBy(bundled, { ...start, event: { action: "fork" } }, index)).toBe("mapping_unknown_shape");
  });
});
