import fc from "fast-check";

/** Rules put together at random, with every modifier and many odd values; the same ones for the same seed. */
export function generateRules(seed: number, count: number): string[] {
  return fc.sample(rule, { seed, numRuns: count }).map((one) => JSON.stringify(one));
}

/** Correlations put together at random. */
export function generateCorrelations(seed: number, count: number): string[] {
  return fc.sample(correlation, { seed, numRuns: count }).map((one) => JSON.stringify(one));
}

const text = fc.oneof(
  fc.stringMatching(/^[a-c *?\\%.|()/-]{0,10}$/),
  fc.constantFrom(
    "a",
    "*",
    "**",
    "a*b",
    "\\*",
    "\\\\*",
    "\\\\\\*",
    " -a /b",
    "é-x -é",
    "ünï",
    "%x%",
    "a%x%b%y%c",
    "%",
    "%%",
    "%\\%",
  ),
  fc.constantFrom(
    "10.0.0.0/8",
    "10.0.0.1/8",
    "2001:db8::/32",
    "::/0",
    "192.0.2.1",
    "10.0.0.0/255.0.0.0",
    "^a|b$",
    "a.*",
    "[a|b]",
    "(a|b)",
    "a\\.*",
    "\\$",
  ),
);
const scalar = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 1, arbitrary: fc.integer({ min: -5, max: 70 }) },
  { weight: 1, arbitrary: fc.constantFrom(1.5, true, false, null) },
);
const modifier = fc.constantFrom(
  ..."contains startswith endswith all cased exists neq re i m s ignorecase base64 base64offset wide utf16 utf16be windash".split(
    " ",
  ),
  ..."cidr lt lte gt gte minute hour day week month year fieldref expand unknown".split(" "),
);
const chain = fc.oneof(
  fc.array(modifier, { maxLength: 3 }),
  fc.constantFrom(
    ["contains", "all"],
    ["windash", "contains", "all"],
    ["wide", "base64offset", "contains"],
    ["utf16", "base64"],
    ["re", "i", "contains"],
    ["re", "expand"],
    ["fieldref", "startswith"],
    ["base64", "contains", "expand"],
    ["cidr", "neq"],
    ["hour", "gte"],
  ),
);
const key = fc
  .tuple(fc.constantFrom("F", "G.h", "K l", ""), chain)
  .map(([field, names]) => [field, ...names].join("|"));
const values = fc.oneof(scalar, fc.array(scalar, { minLength: 1, maxLength: 4 }));
const map = fc.dictionary(key, values, { minKeys: 1, maxKeys: 2 });
const selection = fc.oneof(
  { weight: 4, arbitrary: map },
  { weight: 1, arbitrary: fc.array(map, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: text },
  { weight: 1, arbitrary: fc.array(text, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(fc.oneof(map, text), { minLength: 1, maxLength: 3 }) },
);
const word = fc.constantFrom(
  "sel",
  "fil_1",
  "fil_2",
  "notsel",
  "1 of fil_*",
  "all of them",
  "any of f*",
  "1 of none*",
  "missing",
  "_h",
);
const condition = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    word,
    tie("any").map((one) => `not ${one}`),
    fc.tuple(tie("any"), fc.constantFrom("and", "or"), tie("any")).map((parts) => parts.join(" ")),
    tie("any").map((one) => `(${one})`),
  ),
})).any;
const plain = { F: "v" };
// One odd thing a rule, lest nearly all are refused.
const detection = fc.oneof(
  { weight: 5, arbitrary: fc.record({ sel: selection, condition: fc.constant("sel") }) },
  {
    weight: 2,
    arbitrary: condition.map((text) => ({
      sel: plain,
      fil_1: "k",
      fil_2: plain,
      notsel: plain,
      _h: plain,
      condition: text,
    })),
  },
);
const rule = detection.map((one) => ({ title: "T", logsource: { product: "l" }, detection: one }));

const names = fc.constantFrom("a", "b", "c_1");
const expression = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    names,
    tie("any").map((one) => `not ${one}`),
    fc.tuple(tie("any"), fc.constantFrom("and", "or", ""), tie("any")).map((parts) => parts.join(" ")),
    tie("any").map((one) => `(${one})`),
  ),
})).any;
const bound = fc
  .tuple(fc.constantFrom("lt", "lte", "gt", "gte", "eq", "neq"), fc.constantFrom(0, 1, 5, 2.5, "7"))
  .map(([op, value]) => ({ [op]: value }));
const bounds = fc
  .tuple(bound, fc.constantFrom({}, { field: "f" }, { field: ["f", "g"] }, { field: "f", percentile: 95 }))
  .map(([one, more]) => ({ ...one, ...more }));
const correlation = fc
  .record(
    {
      type: fc.constantFrom(
        ..."event_count value_count temporal temporal_ordered value_sum value_avg value_percentile value_median other".split(
          " ",
        ),
      ),
      rules: fc.oneof(names, fc.uniqueArray(names, { minLength: 1 })),
      "group-by": fc.oneof(fc.constant("h"), fc.constant(["h", "u"])),
      timespan: fc.constantFrom("5m", "1h", "30s", "2d", "1w", "3M", "1y", "0m", "5", "5 m", "m5"),
      condition: fc.oneof(bounds, expression),
      aliases: fc.constantFrom({}, { x: { a: "f" } }, { x: { a: "f", b: "g" }, y: { c_1: "k" } }),
      generate: fc.boolean(),
    },
    { requiredKeys: ["type"] },
  )
  .map((one) => ({ title: "C", correlation: one }));
