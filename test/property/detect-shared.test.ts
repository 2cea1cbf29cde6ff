import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openDetectStages, type StageSettings } from "../../src/cli/open-detection.ts";
import { partitionOf } from "../../src/cluster/partition-of.ts";
import { detectSchema } from "../../src/config/detect-schema.ts";
import type { DetectStage } from "../../src/detect/detect-stage.ts";
import type { MatchedDocument } from "../../src/detect/rule-set.ts";
import type { Alert } from "../../src/event/alert.ts";
import type { LabelledEvent } from "../../src/event/label.ts";
import { labelledEvent, verdict } from "../contract/check-sink.ts";

const rules = `title: Curl
name: curl
logsource: { product: tagsmith, category: label }
detection: { selection: { text|startswith: curl }, condition: selection }
---
title: Shell
name: shell
logsource: { product: tagsmith, category: label }
detection: { selection: { text|startswith: sh }, condition: selection }
---
title: Intrusion
name: intrusion
logsource: { product: tagsmith, category: verdict }
detection: { selection: { verdict: intrusion }, condition: selection }
---
title: Curls of a user
name: curls
correlation: { type: event_count, rules: [curl], group-by: [user], timespan: 3s, condition: { gte: 2 } }
---
title: Curls again
correlation: { type: event_count, rules: [curls], group-by: [host], timespan: 5s, condition: { gte: 2 }, generate: true }
---
title: Curl, then shell
correlation: { type: temporal_ordered, rules: [curl, shell], group-by: [host], timespan: 4s, generate: true }
---
title: Hosts of a user
correlation: { type: value_count, rules: [shell], group-by: [user], timespan: 5s, condition: { field: host, gte: 2 } }
---
title: Shell of an intruder
correlation: { type: temporal, rules: [shell, intrusion], group-by: [host], timespan: 3s, generate: true }
level: high
`;

const file = join(mkdtempSync(join(tmpdir(), "tagsmith-shared-")), "rules.yml");
writeFileSync(file, rules);
const stages = openDetectStages(detectSchema.parse({ rules: [file], lateness_secs: 1_000_000 }), "m@1");

/** A stage whose owner may change: the next one goes on from the rows that were stored. */
class OwnedStage {
  readonly #own: StageSettings;
  #rows: string[] = [];
  #stage: DetectStage;

  constructor(own: StageSettings) {
    this.#own = own;
    this.#stage = stages.create(own);
  }

  do<T>(work: (stage: DetectStage) => T): T {
    const done = work(this.#stage);
    const { detection } = this.#stage.changes();
    if (detection !== undefined) this.#rows = [...(detection.replace ? [] : this.#rows), ...detection.append];
    return done;
  }

  change(): void {
    this.#stage = stages.create(this.#own);
    this.#stage.restore(this.#rows);
  }
}

const baseMs = 1_767_225_600_000;

const item = fc.record({
  second: fc.nat(12),
  text: fc.constantFrom("curl x", "sh -c y", "ls"),
  user: fc.constantFrom("root", "deploy"),
  host: fc.constantFrom("web-1", "web-2", "web-3"),
  slice: fc.nat(2),
  changes: fc.nat(5),
  isJudged: fc.boolean(),
});
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;

function eventOf({ second, text, user, host }: Item, n: number): LabelledEvent {
  const base = labelledEvent(`e${n}`, text);
  const origin = { ...base.event.origin, sequence: n };
  return { ...base, event: { ...base.event, timeMs: baseMs + second * 1_000, user, host, origin } };
}

/** A session of a host that is an intrusion by this event. */
function verdictOf({ second, host }: Item, n: number) {
  return { ...verdict(`s${n}`, 0.9), hosts: [host], lastTimeMs: baseMs + second * 1_000 };
}

const linesOf = (alerts: readonly Alert[]): string[] => alerts.map((alert) => JSON.stringify(alert)).sort();

/** What one stage gives that has everything. */
function alone(items: readonly Item[]): Alert[] {
  const stage = stages.create();
  const alerts = items.flatMap((one, n) => stage.add([eventOf(one, n)], one.isJudged ? [verdictOf(one, n)] : []));
  return [...alerts, ...stage.finish()];
}

/** What stages of slices and partitions give, with owners that change. */
function shared(items: readonly Item[], partitions: number): Alert[] {
  const waiting = Array.from({ length: partitions }, (): MatchedDocument[] => []);
  const forward: StageSettings["forward"] = (matched, places) => {
    // As it comes out of Redis.
    const text = JSON.stringify(matched);
    for (const to of new Set(places.map((place) => partitionOf(place, partitions))))
      waiting[to]?.push(JSON.parse(text));
  };
  const readers = [0, 1, 2].map(() => new OwnedStage({ forward }));
  const judges = Array.from({ length: partitions }, (_, partition) => {
    const owns = (place: string): boolean => partitionOf(place, partitions) === partition;
    return new OwnedStage({ forward, correlations: { maxLatenessMs: Number.POSITIVE_INFINITY, owns } });
  });
  const alerts: Alert[] = [];
  const takeAll = (): void => {
    for (const [n, judge] of judges.entries()) {
      alerts.push(...judge.do((stage) => stage.take(waiting[n]?.splice(0) ?? [])));
    }
  };
  for (const [n, one] of items.entries()) {
    if (one.changes === 1) readers[one.slice]?.change();
    if (one.changes === 2) judges[n % partitions]?.change();
    alerts.push(...(readers[one.slice]?.do((stage) => stage.add([eventOf(one, n)], [])) ?? []));
    const owner = judges[partitionOf(`s${n}`, partitions)];
    if (one.isJudged && owner !== undefined) alerts.push(...owner.do((stage) => stage.add([], [verdictOf(one, n)])));
    if (one.changes === 3) takeAll();
  }
  takeAll();
  for (const [n, judge] of judges.entries()) {
    for (let hasMore = true; hasMore; ) {
      const taken = judge.do((stage) => stage.advanceTo(Number.POSITIVE_INFINITY));
      alerts.push(...taken.alerts);
      hasMore = taken.hasMore;
      if (items[n]?.changes === 4) judge.change();
    }
  }
  return alerts;
}

describe("rules of a cluster", () => {
  it("give the alerts of one process, each once, whatever owner takes what when", () => {
    const counts = new Map<string, number>();
    const property = fc.property(
      fc.array(item, { maxLength: 200, size: "max" }),
      fc.integer({ min: 1, max: 5 }),
      (items, partitions) => {
        const expected = alone(items);
        expect(linesOf(shared(items, partitions))).toEqual(linesOf(expected));
        for (const { rule } of expected) counts.set(rule.name, (counts.get(rule.name) ?? 0) + 1);
      },
    );
    fc.assert(property, { numRuns: 60 });
    expect([...counts.values()].every((count) => count > 100)).toBe(true);
    expect(counts.size).toBe(6);
  });
});
