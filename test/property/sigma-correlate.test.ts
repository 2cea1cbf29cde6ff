import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partitionOf } from "../../src/cluster/partition-of.ts";
import type { Bound, Correlation, CorrelationTest, Measure, Rule, RuleExpression } from "../../src/sigma/ast.ts";
import {
  type CorrelationAlert,
  type CorrelatorSettings,
  createCorrelator,
  type MatchedEvent,
} from "../../src/sigma/correlate/create-correlator.ts";
import { percentile } from "../../src/sigma/correlate/measure.ts";
import type { ContributingEvent } from "../../src/sigma/correlate/window-entry.ts";
import { expectedAlerts } from "./sigma-correlation-oracle.ts";

const settings: CorrelatorSettings = { maxLatenessMs: 5_000, maxGroups: 1_000, maxEventsAGroup: 1_000, suppressMs: 0 };

function metadata(name: string): Rule["metadata"] {
  return {
    title: name,
    name,
    taxonomy: "sigma",
    references: [],
    tags: [],
    fields: [],
    falsepositives: [],
    scope: [],
    related: [],
    custom: {},
  };
}

function namedRule(name: string): Rule {
  return { kind: "rule", metadata: metadata(name), logsource: {}, detections: new Map(), conditions: [] };
}

const rules = ["a", "b", "c"].map(namedRule);

const bound: fc.Arbitrary<Bound> = fc.record({
  op: fc.constantFrom("lt" as const, "lte" as const, "gt" as const, "gte" as const, "eq" as const, "neq" as const),
  value: fc.constantFrom(1, 2, 3, 5),
});

const { expression } = fc.letrec<{ expression: RuleExpression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 2 },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("rule" as const), rule: fc.constantFrom("a", "b", "c") }) },
    fc.record({ kind: fc.constant("not" as const), operand: tie("expression") }),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      operands: fc.array(tie("expression"), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

const bounds = fc
  .array(bound, { minLength: 1, maxLength: 2 })
  .map((list): CorrelationTest => ({ kind: "bounds", bounds: list }));

const measures: fc.Arbitrary<Measure>[] = [
  fc.constant({ type: "event_count" }),
  fc.constantFrom<string[]>(["user"], ["user", "host"]).map((fields) => ({ type: "value_count", fields })),
  fc
    .constantFrom("value_sum" as const, "value_avg" as const, "value_median" as const)
    .map((type) => ({ type, field: "bytes" })),
  fc
    .constantFrom(0, 50, 100)
    .filter((rank) => rank !== 50)
    .map((rank) => ({ type: "value_percentile", field: "bytes", percentile: rank })),
  fc.constantFrom("temporal" as const, "temporal_ordered" as const).map((type) => ({ type })),
];

function correlation(name: string, references: readonly string[]): fc.Arbitrary<Correlation> {
  return fc
    .record({
      measure: fc.oneof(...measures),
      bounds,
      expression,
      extended: fc.boolean(),
      groupBy: fc.subarray(["host", "user"]),
      seconds: fc.constantFrom(1, 3, 10),
      generate: fc.boolean(),
      rules: fc.subarray([...references], { minLength: 1 }),
    })
    .map(({ measure, extended, expression: asked, bounds: test, seconds, ...rest }) => {
      const usesExpression = extended && (measure.type === "temporal" || measure.type === "temporal_ordered");
      return {
        kind: "correlation",
        metadata: metadata(name),
        measure,
        test: usesExpression ? { kind: "expression", expression: asked } : test,
        timespan: { count: seconds, unit: "s", seconds },
        aliases: new Map(),
        ...rest,
        rules: usesExpression ? ["a", "b", "c"] : rest.rules,
      };
    });
}

const stream = fc.array(
  fc.record({
    time: fc.nat(20).map((seconds) => seconds * 500),
    event: fc.record(
      {
        host: fc.constantFrom("web-1", "web-2"),
        user: fc.constantFrom("root", "deploy"),
        bytes: fc.constantFrom(1, 2, 3, 8),
      },
      { requiredKeys: [] },
    ),
    rules: fc.subarray(rules, { minLength: 1 }),
  }),
  { maxLength: 25 },
);

const pair = fc.tuple(correlation("inner", ["a", "b", "c"]), correlation("outer", ["inner", "a"]));

function line({ correlation: { metadata: named }, time, group }: CorrelationAlert): string {
  return `${named.name}@${time}${JSON.stringify(group)}`;
}

const idOf = ({ event, time }: ContributingEvent): string => JSON.stringify([time, event]);

function run(correlations: readonly Correlation[], events: readonly MatchedEvent[]): string[] {
  const correlator = createCorrelator(rules, correlations, { ...settings, maxLatenessMs: 60_000 });
  return [...events.flatMap((event) => correlator.push(event)), ...correlator.flush()].map(line);
}

describe("correlations on a stream", () => {
  it("give the alerts that working out every window anew gives, in whatever order events arrive", () => {
    let alerts = 0;
    const property = fc.property(pair, stream, (correlations, events) => {
      const expected = expectedAlerts(rules, correlations, events);
      alerts += expected.length;
      expect(run(correlations, events)).toEqual(expected);
    });
    fc.assert(property, { numRuns: 10_000 });
    expect(alerts).toBeGreaterThan(10_000);
  });

  it("go on after a restart as if there had been none", () => {
    const property = fc.property(pair, stream, fc.nat(25), (correlations, events, cut) => {
      const first = createCorrelator(rules, correlations, settings);
      const before = events.slice(0, cut).flatMap((event) => first.push(event));
      const second = createCorrelator(rules, correlations, settings);
      second.restore(JSON.parse(JSON.stringify(first.save())));
      const after = [...events.slice(cut).flatMap((event) => second.push(event)), ...second.flush()];
      const whole = createCorrelator(rules, correlations, settings);
      const expected = [...events.flatMap((event) => whole.push(event)), ...whole.flush()];
      expect([...before, ...after].map(line)).toEqual(expected.map(line));
      expect([...before, ...after].map((alert) => alert.events.length)).toEqual(
        expected.map((alert) => alert.events.length),
      );
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("are counted by several, each with its share of the groups, as by one, in whatever order events arrive", () => {
    const alone = correlation("alone", ["a", "b"]);
    const shared = fc.record({
      correlations: fc.tuple(pair, alone),
      events: stream,
      count: fc.integer({ min: 1, max: 4 }),
    });
    let [alerts, places] = [0, 0];
    const property = fc.property(
      shared,
      fc.infiniteStream(fc.nat()),
      ({ correlations: [two, one], events, count }, seeds) => {
        const all = [...two, one];
        const bounded = { ...settings, maxLatenessMs: 60_000 };
        const whole = createCorrelator(rules, all, bounded);
        const ordered = events.map((event, n) => ({ ...event, order: [n % 3, `e${n}`] as const }));
        const expected = [...ordered.flatMap((event) => whole.push(event)), ...whole.flush()];
        const parts = Array.from({ length: count }, (_, n) =>
          createCorrelator(rules, all, { ...bounded, owns: (place) => partitionOf(place, count) === n }),
        );
        const shuffled = ordered.map((event) => ({ event, at: seeds.next().value ?? 0 })).sort((a, b) => a.at - b.at);
        for (const { event } of shuffled) {
          const wanted = new Set(whole.placesOf(event).map((place) => partitionOf(place, count)));
          places = Math.max(places, wanted.size);
          for (const part of wanted) parts[part]?.push(event);
        }
        const found = parts.flatMap((part) => part.flush());
        const whatOf = (alert: CorrelationAlert): string => `${line(alert)} ${alert.events.map(idOf)}`;
        expect(found.map(whatOf).sort()).toEqual(expected.map(whatOf).sort());
        alerts += found.length;
      },
    );
    fc.assert(property, { numRuns: 2_000 });
    expect(alerts).toBeGreaterThan(2_000);
    expect(places).toBeGreaterThan(1);
  });

  it("interpolate percentiles between the closest ranks", () => {
    expect(percentile([1, 2, 3, 4], 50)).toBe(2.5);
    expect(percentile([10, 20, 30, 40, 50], 90)).toBeCloseTo(46);
    expect(percentile([7], 95)).toBe(7);
  });
});

const brute: Correlation = {
  kind: "correlation",
  metadata: metadata("many"),
  rules: ["a"],
  measure: { type: "event_count" },
  test: { kind: "bounds", bounds: [{ op: "gte", value: 3 }] },
  groupBy: ["user"],
  timespan: { count: 10, unit: "s", seconds: 10 },
  aliases: new Map([["user", new Map([["a", "account.name"]])]]),
  generate: false,
};

function logon(user: string, seconds: number): MatchedEvent {
  return { event: { account: { name: user } }, time: seconds * 1000, rules: rules.slice(0, 1) };
}

describe("a correlator", () => {
  it("groups by an alias and carries the events that count", () => {
    const correlator = createCorrelator(rules, [brute], { ...settings, maxLatenessMs: 0 });
    const alerts = [0, 4, 8].flatMap((seconds) => correlator.push(logon("root", seconds)));
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ time: 8_000, measured: 3, group: { user: "root" } });
    expect(alerts[0]?.events.map(({ time }) => time)).toEqual([0, 4_000, 8_000]);
    expect(correlator.isSilent(rules[0] ?? brute)).toBe(true);
  });

  it("counts events exactly one timespan apart together, and none further apart", () => {
    const at = (seconds: readonly number[]): number => {
      const correlator = createCorrelator(rules, [brute], { ...settings, maxLatenessMs: 0 });
      return seconds.flatMap((second) => correlator.push(logon("root", second))).length;
    };
    expect(at([0, 5, 10])).toBe(1);
    expect(at([0, 5, 10.001])).toBe(0);
  });

  it("leaves out events later than the bound, and says how many", () => {
    const correlator = createCorrelator(rules, [brute], { ...settings, maxLatenessMs: 1_000 });
    for (const seconds of [10, 9, 8.9]) correlator.push(logon("root", seconds));
    expect(correlator.counts().lateEvents).toBe(1);
  });

  it("stays silent for a group while it is suppressed", () => {
    const correlator = createCorrelator(rules, [brute], { ...settings, maxLatenessMs: 0, suppressMs: 4_000 });
    const times = [0, 1, 2, 3, 5, 6]
      .flatMap((seconds) => correlator.push(logon("root", seconds)))
      .map(({ time }) => time);
    expect(times).toEqual([2_000, 6_000]);
  });

  it("keeps no more groups and events than allowed", () => {
    const correlator = createCorrelator(rules, [brute], {
      ...settings,
      maxLatenessMs: 0,
      maxGroups: 2,
      maxEventsAGroup: 2,
    });
    for (const user of ["root", "deploy", "admin"]) correlator.push(logon(user, 1));
    for (const seconds of [1, 1, 1]) correlator.push(logon("admin", seconds));
    expect(correlator.counts()).toEqual({ groups: 2, waiting: 0, lateEvents: 0, evictedGroups: 1, droppedEvents: 2 });
  });

  it("forgets groups that no event can reach any more", () => {
    const correlator = createCorrelator(rules, [brute], { ...settings, maxLatenessMs: 0 });
    for (let second = 0; second < 100; second += 1) correlator.push(logon(`user-${second}`, second));
    expect(correlator.counts()).toMatchObject({ groups: 11, evictedGroups: 0 });
  });

  it("takes the oldest events when too many wait, and calls what comes before them late", () => {
    const correlator = createCorrelator(rules, [brute], { ...settings, maxLatenessMs: 1e12 });
    for (let second = 0; second < 100_002; second += 1) correlator.push(logon("root", 1_000 + second));
    expect(correlator.counts().lateEvents).toBe(0);
    correlator.push(logon("root", 1));
    expect(correlator.counts().lateEvents).toBe(1);
  });

  it("refuses a state it did not write", () => {
    const correlator = createCorrelator(rules, [brute], settings);
    expect(() => correlator.restore({ version: 2 })).toThrow(/cannot be read/);
  });

  it("refuses a reference that nobody is", () => {
    expect(() => createCorrelator([], [brute], settings)).toThrow(/refers to "a"/);
  });
});
