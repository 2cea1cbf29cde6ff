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

  it("asks the rules that come along and shows what they found, an alert for each intrusion among them", async () => {
    const folder = freshFolder("demo");
    const { code, out } = await runTagsmith(["demo", "--output", folder]);
    expect(code).toBe(0);
    const names = linesOf(folder, "alerts.ndjson").map((line): string => JSON.parse(line).rule.name);
    const judged = names.filter((name) => name === "Session judged an intrusion");
    expect(judged).toHaveLength(intrusions.length + clusterIntrusions.length);
    expect(out).toMatch(new RegExp(`^alerts +${names.length} `, "m"));
    for (const name of new Set(names)) expect(out).toMatch(new RegExp(`^ {2}[a-z]+ +${name} +\\d+ {2}`, "m"));
    expect(out).toMatch(/^ {2}critical +Shell over the network +\d+ {2}\S+ \S+: \S/m);
  });
});
