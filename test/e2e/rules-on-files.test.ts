import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { freshFolder, linesOf, root, runTagsmith, writeConfig } from "./tagsmith-process.ts";

const folder = freshFolder("rules-on-files");
const bundled = join(root, "rules", "behaviour");

const behaviour = `title: By executable
logsource: { product: tagsmith, category: label }
detection: { selection: { executable|endswith: /curl }, condition: selection }
---
title: By parent
logsource: { product: tagsmith, category: label }
detection:
  executable: { parent_executable|endswith: /bash, tag|startswith: read_ }
  pid: { tagsmith.process.parent.pid|exists: true, tag|startswith: compress_ }
  condition: executable or pid
---
title: By fact
logsource: { product: tagsmith, category: label }
detection: { selection: { fact.effective_user: root }, condition: selection }
---
title: By origin
logsource: { product: tagsmith, category: label }
detection:
  selection: { tagsmith.origin.container|contains: defend, group|startswith: network }
  condition: selection
---
title: By orchestrator
name: orchestrated
logsource: { product: tagsmith, category: label }
detection: { selection: { tagsmith.orchestrator.type: kubernetes }, condition: selection }
---
title: Busy cluster user
correlation: { type: event_count, rules: [orchestrated], group-by: [user], timespan: 10m, condition: { gte: 4 } }
---
title: Session by host and tag
logsource: { product: tagsmith, category: verdict }
detection: { selection: { phase: final, host|startswith: web-, tag|startswith: read_ }, condition: selection }
`;

const linux = `title: Sh of a shell
logsource: { product: linux, category: process_creation }
detection:
  selection: { Image|endswith: [/sh, /bash] }
  parent: { ParentImage|endswith: [/sh, /bash] }
  condition: selection or parent
---
title: Reads as root
logsource: { product: linux, category: process_creation }
detection: { selection: { CommandLine|contains: cat, User: root }, condition: selection }
`;

const audit = `title: Secrets
logsource: { product: kubernetes, service: audit }
detection: { selection: { objectRef.resource: secrets }, condition: selection }
`;

/** In seconds: the samples are of one day, and their files are read one behind the other. */
const aDay = "86400";

/** Rule and id of what it matched; of a correlation its time and group. */
type Found = readonly string[];

function lines(name: string) {
  return linesOf(folder, name).map((line) => JSON.parse(line));
}

/** What the run's alerts say; an alert without events is one of a verdict, which its session and time name. */
function ofAlerts(): Found[] {
  return lines("alerts.ndjson").map(({ "@timestamp": time, rule, tagsmith: { alert } }) =>
    alert.kind === "correlation"
      ? [rule.name, new Date(time).toISOString(), JSON.stringify(alert.group)]
      : [rule.name, alert.event_ids[0] ?? `${alert.session_key} ${time}`],
  );
}

async function matched(rules: readonly string[], file: string, pipeline: string, source: string[]): Promise<Found[]> {
  const events = lines(file);
  const input = join(folder, file);
  const args = [
    "sigma",
    "match",
    ...rules,
    "--input",
    input,
    "--pipeline",
    pipeline,
    "--lateness-secs",
    aDay,
    ...source,
  ];
  const { out, code } = await runTagsmith(args);
  expect(code).toBe(0);
  const matches = out.split("\n").filter((line) => line !== "");
  return matches.map((line) => {
    const { title, correlation, event, time, group } = JSON.parse(line);
    if (correlation) return [title, time, JSON.stringify(group)];
    const {
      event: { id },
      "@timestamp": at,
      tagsmith,
    } = events[event - 1];
    return [title, tagsmith.verdict === undefined ? id : `${tagsmith.session.key} ${at}`];
  });
}

describe("rules over the files that a run has written", () => {
  beforeAll(async () => {
    for (const [name, text] of Object.entries({ behaviour, linux, audit }))
      writeFileSync(join(folder, `${name}.yml`), text);
    const files = ["behaviour", "linux", "audit"].map((name) => join(folder, `${name}.yml`));
    const detect = `detect: { rules: ${JSON.stringify([bundled, ...files])}, lateness_secs: ${aDay} }`;
    const config = writeConfig(folder, [join(root, "samples", "data", "*")], detect);
    expect(await runTagsmith(["run", "--quiet", "--config", config])).toMatchObject({ code: 0, err: "" });
  });

  it("find what the run has alerted of, rule by rule and event by event", async () => {
    const rules = [bundled, join(folder, "behaviour.yml")];
    const product = ["--product", "tagsmith", "--category"];
    const found = [
      ...(await matched(rules, "labels.ndjson", "tagsmith", [...product, "label"])),
      ...(await matched(rules, "verdicts.ndjson", "tagsmith", [...product, "verdict"])),
      ...(await matched([join(folder, "linux.yml")], "labels.ndjson", "tagsmith-events", [])),
      ...(await matched([join(folder, "audit.yml")], "labels.ndjson", "tagsmith-events", [])),
    ];
    const alerted = ofAlerts();
    expect(found.map((one) => one.join(" ")).toSorted()).toEqual(alerted.map((one) => one.join(" ")).toSorted());
    const seen = new Set(alerted.map(([rule]) => rule));
    const own = [...`${behaviour}${linux}${audit}`.matchAll(/^title: (.*)$/gm)].map(([, title]) => title);
    for (const title of own) if (title !== "By orchestrator") expect(seen).toContain(title);
    expect(seen.size).toBeGreaterThan(own.length + 5);
  });
});
