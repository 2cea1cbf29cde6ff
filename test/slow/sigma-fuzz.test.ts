import { describe, expect, it } from "vitest";
import { lintDocument, parse, parsePipeline } from "../../src/sigma/index.ts";

/** More with the variable, e.g. 1000000: about half a millisecond each. */
const inputs = Number(process.env["SIGMA_FUZZ_INPUTS"] ?? 100_000);

const seeds = [
  `title: T\nid: 7f8a2c1e-0000-4000-8000-000000000001\nstatus: test\nlevel: high\ntags:\n    - attack.t1059.004\nlogsource:\n    category: process_creation\n    product: linux\ndetection:\n    sel_1:\n        Image|endswith:\n            - '/nc'\n            - "\\\\ncat*"\n        CommandLine|contains|all: [' -e ', '/bin/']\n    sel_2:\n        - F|re|i: '^a(b|c)+$'\n        - G|cidr: 10.0.0.0/8\n          H|windash|contains: ' -x'\n    filter:\n        - word\n        - 5\n    condition: (1 of sel_* or sel_2) and not filter\n`,
  "title: G\naction: global\nlogsource: {product: linux}\n---\ndetection: {a: {F|base64offset|contains: x, G|wide|base64: y}, condition: a}\n---\naction: repeat\nlevel: low\n",
  "title: C\ncorrelation:\n  type: value_percentile\n  rules: [a, b]\n  group-by: [h]\n  timespan: 5m\n  aliases: {x: {a: f}}\n  condition: {gte: 5, field: n, percentile: 95}\n---\ntitle: D\ncorrelation: {type: temporal, timespan: 1h, condition: a and (b or not c)}\n",
  "title: F\nlogsource: {product: linux}\nfilter:\n  rules: any\n  s: {U: [root, 0, null, true], T|hour|gte: 22, X|exists: false, Y|fieldref: Z, P|expand: '%p%'}\n  condition: not s\n",
  "a: &x\n  b: [1, 2]\nc: *x\nd: {<<: *x, e: |\n  text\n  more\n  , f: >-\n  x}\n? k\n: v\n",
  "name: p\npriority: 10\ntransformations:\n  - {type: field_name_mapping, mapping: {F: [g, h]}, rule_conditions: {a: {type: is_sigma_rule}}, rule_cond_expr: not a}\n  - {type: replace_string, regex: '(a|b)+', replacement: '\\1'}\npostprocessing:\n  - {type: template, template: '{% for t in rule.tags %}{{ t|upper }}{% endfor %}'}\n",
];
const pieces = [
  "'",
  '"',
  ": ",
  "- ",
  "\n",
  "  ",
  "|",
  "|-",
  "[",
  "]",
  "{",
  "}",
  "*",
  "&",
  "#",
  "%",
  "\\",
  "---\n",
  "not ",
  "1 of ",
  "(",
  ")",
  "|all",
  "|re",
  "\t",
  "\0",
  "\u2028",
  "💥",
  "\ud800",
  "999999999999999999999",
  "0x",
  "1:30",
  "?",
  ">",
  "!",
  "<<: ",
];

/** Numbers from 0 to below `below`, the same ones each time. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutate(text: string, random: (below: number) => number): string {
  let mutated = text;
  for (let changes = 1 + random(4); changes > 0; changes -= 1) {
    const at = random(mutated.length + 1);
    const length = random(12);
    switch (random(4)) {
      case 0:
        mutated = mutated.slice(0, at) + mutated.slice(at + length);
        break;
      case 1:
        mutated = mutated.slice(0, at) + (pieces[random(pieces.length)] ?? "") + mutated.slice(at);
        break;
      case 2:
        mutated =
          mutated.slice(0, at) + mutated.slice(random(mutated.length), random(mutated.length)) + mutated.slice(at);
        break;
      default:
        mutated = mutated.slice(0, at) + String.fromCharCode(random(128)) + mutated.slice(at + 1);
    }
    mutated = mutated.slice(0, 2_000);
  }
  return mutated;
}

describe("the Sigma parser under fire", () => {
  it(`reads or refuses ${inputs.toLocaleString("en-US")} damaged files, none of them slowly`, () => {
    const random = createRandom(1);
    let slowest = 0;
    let read = 0;
    for (let index = 0; index < inputs; index += 1) {
      const text = mutate(seeds[index % seeds.length] ?? "", random);
      const start = performance.now();
      const { documents, problems } = parse(text, "a.yml");
      for (const { document } of documents) lintDocument(document);
      if (index % seeds.length === 5) parsePipeline(text);
      slowest = Math.max(slowest, performance.now() - start);
      read += documents.length;
      for (const { line, column } of problems)
        if (line < 1 || column < 1) throw new Error(`no place: ${JSON.stringify(text)}`);
    }
    expect(read).toBeGreaterThan(inputs / 100);
    expect(slowest).toBeLessThan(2_000);
  }, 1_800_000);
});
