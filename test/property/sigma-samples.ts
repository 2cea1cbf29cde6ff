import fc from "fast-check";
import type { Condition, Detection, Item, RegexFlag, Rule, StringPart, Value } from "../../src/sigma/ast.ts";
import { parseCidr } from "../../src/sigma/parse/cidr.ts";

const fields = ["a", "b", "a.b", "a.b.c", "d"] as const;

/** Few letters, both cases, so that patterns and texts meet often. */
export const text = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: fc.constantFrom("a", "A", "b", "B", "x", "\\", ".", "1"), maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "1",
      "12",
      "1.5",
      " 1 ",
      "true",
      "FALSE",
      "Σς",
      "ſ",
      "İ",
      "😀",
      "10.1.2.3",
      "fe80::1",
      "\ud800",
    ),
  },
);

const wildcard = fc.constantFrom<StringPart>({ kind: "any" }, { kind: "one" });

/** Neighbouring texts are one and none is empty, as the parser makes them. */
const parts = fc.array(fc.oneof(text, wildcard), { maxLength: 4 }).map((list) => {
  const joined: StringPart[] = [];
  for (const part of list) {
    const last = joined.at(-1);
    if (typeof part === "string" && typeof last === "string") joined.splice(-1, 1, last + part);
    else if (part !== "") joined.push(part);
  }
  return joined;
});

const stringValue = fc.record({ kind: fc.constant("string" as const), parts, cased: fc.boolean() });

const regexValue = fc.record({
  kind: fc.constant("regex" as const),
  parts: fc
    .constantFrom("ab", "^a", "b$", "a.b", "(ab|x)1", "ab?x", "a{2}", "[ab]x+", "(?i)AB", "\\\\a", "a|b", "x*", "aſ")
    .map((source) => [source]),
  flags: fc.subarray<RegexFlag>(["i", "m", "s"]).map((flags) => new Set(flags)),
});

const keywordValue: fc.Arbitrary<Value> = fc.oneof(
  stringValue,
  fc.record({ kind: fc.constant("number" as const), value: fc.constantFrom<number>(1, 12, 1.5) }),
  regexValue,
);

function cidr(network: string): Value {
  const value = parseCidr(network);
  if (typeof value === "string") throw new Error(value);
  return value;
}

const compareOp = fc.constantFrom("lt" as const, "lte" as const, "gt" as const, "gte" as const);

const fieldValueKinds: fc.Arbitrary<Value>[] = [
  stringValue,
  stringValue,
  stringValue,
  stringValue,
  keywordValue,
  fc.record({ kind: fc.constant("boolean" as const), value: fc.boolean() }),
  fc.constant<Value>({ kind: "null" }),
  fc.constantFrom("10.0.0.0/8", "10.1.2.0/24", "0.0.0.0/0", "fe80::/10", "::/0").map(cidr),
  fc.record({ kind: fc.constant("compare" as const), op: compareOp, value: fc.constantFrom<number>(0, 1, 2, 12) }),
  fc.record({ kind: fc.constant("exists" as const), exists: fc.boolean() }),
  fc.record({
    kind: fc.constant("fieldref" as const),
    field: fc.constantFrom<string>(...fields),
    match: fc.constantFrom("equals" as const, "contains" as const, "startswith" as const, "endswith" as const),
    cased: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("timepart" as const),
    part: fc.constantFrom(
      "minute" as const,
      "hour" as const,
      "day" as const,
      "week" as const,
      "month" as const,
      "year" as const,
    ),
    op: fc.oneof(compareOp, fc.constant("eq" as const)),
    value: fc.constantFrom<number>(0, 1, 12, 2026),
  }),
];

const plainFieldValue = fc.oneof(...fieldValueKinds);

function withExpansions(value: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  const expansion = fc.record({
    kind: fc.constant("expansion" as const),
    values: fc.array(value, { minLength: 1, maxLength: 3 }),
  });
  return fc.oneof({ weight: 8, arbitrary: value }, { weight: 1, arbitrary: expansion });
}

const linking = fc.constantFrom("all" as const, "any" as const);

const itemParts = (value: fc.Arbitrary<Value>) => ({
  modifiers: fc.constant([]),
  values: fc.array(withExpansions(value), { minLength: 1, maxLength: 4 }),
  linking,
  negated: fc.boolean(),
  written: fc.constant([]),
});

const item: fc.Arbitrary<Item> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("field" as const),
      field: fc.constantFrom<string>(...fields),
      ...itemParts(plainFieldValue),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("keyword" as const), ...itemParts(keywordValue) }) },
);

const { detection } = fc.letrec<{ detection: Detection }>((tie) => ({
  detection: fc.record({
    kind: fc.constant("detection" as const),
    linking,
    members: fc.array(fc.oneof({ maxDepth: 2 }, item, tie("detection")), { minLength: 1, maxLength: 3 }),
  }),
}));

const names = ["s1", "s2", "f1", "_h"] as const;

const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    fc.record({ kind: fc.constant("selection" as const), name: fc.constantFrom(...names) }),
    fc.record({ kind: fc.constant("of" as const), linking, pattern: fc.constantFrom("them", "s*", "f*", "_*", "no*") }),
    fc.record({ kind: fc.constant("not" as const), operand: tie("condition") }),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      operands: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }),
    }),
  ),
}));

/** Any rule the language can say, over few fields and letters. */
export const rule: fc.Arbitrary<Rule> = fc
  .record({
    detections: fc.tuple(detection, detection, detection, detection),
    conditions: fc.array(condition, { minLength: 1, maxLength: 2 }),
    logsource: fc.constantFrom({}, { product: "linux" }, { product: "linux", category: "process_creation" }),
  })
  .map(({ detections, conditions, logsource }) => ({
    kind: "rule",
    metadata: emptyMetadata,
    logsource,
    detections: new Map(names.map((name, index) => [name, detections[index] ?? detections[0]])),
    conditions,
  }));

const emptyMetadata: Rule["metadata"] = {
  title: "generated",
  taxonomy: "sigma",
  references: [],
  tags: [],
  fields: [],
  falsepositives: [],
  scope: [],
  related: [],
  custom: {},
};

const leaf = fc.oneof(
  { weight: 6, arbitrary: text },
  fc.constantFrom<unknown>(0, 1, 2, 12, 1.5, true, false, null, "2026-01-01T12:00:00Z", "2026-01-01"),
);

const { node } = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: leaf },
    fc.array(tie("node"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "b.c", "d", "__proto__"), tie("node"), { maxKeys: 3 }),
  ),
}));

/** Any event, nested, dotted and mixed. */
export const event = fc.dictionary(fc.constantFrom("a", "b", "d", "a.b", "a.b.c", "b.c", "e"), node, { maxKeys: 5 });
