import { describe, expect, it } from "vitest";
import { clusterIntrusions, intrusions } from "../../samples/intrusions.ts";
import { freshFolder, linesOf, runTagsmith } from "./tagsmith-process.ts";

interface VerdictLine {
  readonly tagsmith: {
    readonly verdict: { readonly phase: string; readonly verdict: string; readonly users: string[] };
  };
}

describe("demo", () => {
  it("finds every intrusion of the samples and takes no ordinary session for one", async () => {
    const folder = freshFolder("demo");
    const { code } = await runTagsmith(["demo", "--output", folder, "--quiet"]);
    expect(code).toBe(0);
    const verdicts = linesOf(folder, "verdicts.ndjson").map((line): VerdictLine => JSON.parse(line));
    const finals = verdicts.map(({ tagsmith }) => tagsmith.verdict).filter(({ phase }) => phase === "final");
    const found = finals.filter(({ verdict }) => verdict === "intrusion").flatMap(({ users }) => users);
    const stolen = clusterIntrusions.map((_, index) => `system:serviceaccount:web:portal-${index}`);
    expect(found.sort()).toEqual([...intrusions.map(({ user }) => user), ...stolen].sort());
    expect(finals.length).toBeGreaterThan(100);
    expect(linesOf(folder, "labels.ndjson").length).toBeGreaterThan(3_000);
  });
});
