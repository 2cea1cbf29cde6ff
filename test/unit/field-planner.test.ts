import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../samples/random.ts";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createFieldPlanner, type FieldPlanner } from "../../src/normalize/field-planner.ts";
import { mappingSchema } from "../../src/normalize/mapping-schema.ts";
import type { Document } from "../../src/sdk/index.ts";
import { createReader, cutDown, distort, mappings, samples } from "./field-samples.ts";

/** What a source would read: cut down, and asked for again until that suffices. */
function fetched(planner: FieldPlanner, document: Document, container: string): { kept: Document; rounds: number } {
  for (let rounds = 0; ; rounds += 1) {
    expect(rounds).toBeLessThan(40);
    const plan = planner.plan();
    if (plan === undefined) return { kept: document, rounds };
    const kept = cutDown(document, plan.paths);
    if (plan.suffices(kept, container)) return { kept, rounds };
  }
}

const none = (): void => undefined;

describe("documents cut down to the fields that mappings need", () => {
  it("read as if they were whole, whatever mapping takes them", () => {
    const [whole, cut] = [createReader(), createReader()];
    for (const [mapping, own] of Map.groupBy(samples, (sample) => sample.mapping)) {
      const planner = createFieldPlanner(mappings, builtInReaders, none);
      for (const { document, container } of own) {
        const { kept } = fetched(planner, document, container);
        expect(cut.one(kept, container), mapping).toEqual(whole.one(document, container));
      }
    }
  });

  it("read as if they were whole however oddly they are written", () => {
    const [whole, cut] = [createReader(), createReader()];
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.integer(), ({ document, container }, seed) => {
        const odd = distort(document, createRandom(seed));
        const { kept } = fetched(createFieldPlanner(mappings, builtInReaders, none), odd, container);
        expect(cut.one(kept, container)).toEqual(whole.one(odd, container));
      }),
      { numRuns: 150 },
    );
  });

  it("keep what a mapping reads, and lose what it does not", () => {
    const document = sampleOf("elastic-defend-process");
    const padding = { Ext: { code_signature: [{ subject_name: "x" }], token: "y".repeat(1_000) } };
    const padded = { ...document, agent: { build: padding }, process: { ...Object(document["process"]), ...padding } };
    const container = "logs-endpoint.events.process-default";
    const planner = createFieldPlanner(mappings, builtInReaders, none);
    const { kept } = fetched(planner, padded, container);
    expect(JSON.stringify(kept)).not.toMatch(/Ext|build/);
    expect(fetched(planner, padded, container).rounds).toBe(0);
  });

  it("are whole from the first one on that a mapping reads all of, which is said once and by name", () => {
    const named: string[] = [];
    const planner = createFieldPlanner(mappings, builtInReaders, (name) => named.push(name));
    const early = planner.plan();
    for (const name of ["auditbeat-auditd", "k8s-audit-event", "laurel"]) fetched(planner, sampleOf(name), "logs");
    expect(early?.suffices(cutDown(sampleOf("k8s-audit-event"), early.paths), "logs")).toBe(false);
    expect(planner.plan()).toBeUndefined();
    expect(named).toEqual(["the mapping k8s-audit-event reads all of a document"]);
  });

  it("are whole where a number would lose digits, and only there", () => {
    const reasons: string[] = [];
    const planner = createFieldPlanner(mappings, builtInReaders, (why) => reasons.push(why));
    const document = sampleOf("elastic-defend-process");
    const container = "logs-endpoint.events.process-default";
    const withPid = (pid: unknown): Document => ({ ...document, process: { ...Object(document["process"]), pid } });
    for (const pid of [42, 1.5, 1767607200.123, 9007199254740991, "1767607200.123456789"]) {
      fetched(planner, withPid(pid), container);
      fetched(planner, { ...document, event: { ...Object(document["event"]), id: pid } }, container);
    }
    expect(reasons).toEqual([]);
    fetched(planner, { ...document, event: { ...Object(document["event"]), id: 1767607200.1234567 } }, container);
    expect(reasons).toEqual([expect.stringContaining("digits")]);
    expect(planner.plan()).toBeUndefined();
  });

  it("show by more than their fields that there is an object, so that it is not fetched whole", () => {
    const own = mappingSchema.parse({
      name: "own",
      version: 1,
      title: "own",
      precedence: 500,
      recognise: {
        all: [
          { field: "kind", equals: "exec" },
          { field: "process", exists: true },
        ],
      },
      text: ["process.args"],
    });
    const planner = createFieldPlanner([own], builtInReaders, none);
    expect(planner.plan()?.paths).toEqual(["@timestamp", "kind"]);
    const [whole, cut] = [createReader([own]), createReader([own])];
    const both = (document: Document): Document => {
      const { kept } = fetched(planner, document, "logs");
      expect(cut.one(kept, "logs")).toEqual(whole.one(document, "logs"));
      return kept;
    };
    expect(both({ kind: "exec", process: { args: "ls", big: "x" } })).toEqual({
      kind: "exec",
      process: { args: "ls" },
    });
    expect(both({ kind: "else", process: { big: "x" } })).toEqual({ kind: "else" });
    expect(planner.plan()?.paths).toEqual(["@timestamp", "kind", "process.args"]);
    expect(both({ kind: "exec", process: { big: "x" } })).toEqual({ kind: "exec", process: { big: "x" } });
    expect(planner.plan()?.paths).toEqual(["@timestamp", "kind", "process"]);
  });

  it("are fetched with the whole of a list whose elements were cut down: one of several is not the only one", () => {
    const own = mappingSchema.parse({
      name: "own",
      version: 1,
      title: "own",
      precedence: 500,
      recognise: { field: "kind", equals: "exec" },
      text: ["process.args"],
    });
    const planner = createFieldPlanner([own], builtInReaders, none);
    const document = { kind: "exec", process: [{ pid: 1 }, { args: "ls" }] };
    const { kept } = fetched(planner, document, "logs");
    expect(kept).toEqual(document);
    expect(createReader([own]).one(kept, "logs")).toEqual(createReader([own]).one(document, "logs"));
  });
});

function sampleOf(mapping: string): Document {
  const found = samples.find((sample) => sample.mapping === mapping);
  if (found === undefined) throw new Error(mapping);
  return found.document;
}
