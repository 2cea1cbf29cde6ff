import { describe, expect, it } from "vitest";
import { ByteWindow } from "../../connectors/file/byte-window.ts";
import { startOfFile } from "../../connectors/file/position.ts";
import { RecordSplitter } from "../../connectors/file/record-splitter.ts";
import type { SourceRecord } from "../../src/sdk/index.ts";

/** Splits the input fed in pieces of `step` bytes; each record as `id value`. */
function split(input: string | Buffer, step = 1 << 20, maxRecordBytes = 1_000): string[] {
  const bytes = Buffer.from(input);
  const window = new ByteWindow();
  const splitter = new RecordSplitter(window, startOfFile(), { name: "a.log", generation: 0 }, maxRecordBytes);
  const found: string[] = [];
  const drain = (isEnd: boolean) => {
    for (let record = splitter.next(isEnd); record !== undefined; record = splitter.next(isEnd))
      found.push(show(record));
  };
  for (let at = 0; at < bytes.length; at += step) {
    window.append(bytes.subarray(at, at + step));
    drain(false);
  }
  drain(true);
  expect(splitter.position.offset).toBe(bytes.length);
  return found;
}

function show(record: SourceRecord): string {
  return record.kind === "document" ? `${record.id} ${JSON.stringify(record.document)}` : `${record.id} ${record.code}`;
}

const cases: readonly [behaviour: string, input: string | Buffer, expected: readonly string[]][] = [
  ["reads NDJSON", '{"a":1}\n{"a":2}\n', ['line:1 {"a":1}', 'line:2 {"a":2}']],
  ["reads a last line without a newline", '{"a":1}\n{"a":2}', ['line:1 {"a":1}', 'line:2 {"a":2}']],
  [
    "ignores empty lines, CR and a byte order mark",
    '\ufeff{"a":1}\r\n\r\n  \n{"a":2}\r\n',
    ['line:1 {"a":1}', 'line:4 {"a":2}'],
  ],
  ["reads an array on one line", '[{"a":1}, {"a":2}]', ['line:1 {"a":1}', 'line:1.1 {"a":2}']],
  ["reads an array with one element a line", '[\n{"a":1},\n{"a":2}\n]\n', ['line:2 {"a":1}', 'line:3 {"a":2}']],
  [
    "reads a printed array",
    '[\n  {\n    "a": [1]\n  },\n  {\n    "a": 2\n  }\n]\n',
    ['line:2 {"a":[1]}', 'line:5 {"a":2}'],
  ],
  ["reads strings of an array as text", '["x y","z"]', ['line:1 {"message":"x y"}', 'line:1.1 {"message":"z"}']],
  ["reads an empty array as nothing", "[ ]", []],
  ["reads one printed object", '{\n  "a": {\n    "b": "}"\n  }\n}', ['line:1 {"a":{"b":"}"}}']],
  ["reads printed objects one after the other", '{\n "a": 1\n}\n{\n "a": 2\n}\n', ['line:1 {"a":1}', 'line:4 {"a":2}']],
  [
    "reads objects that share a line",
    '{"a":1}{"a":2} {"a":3}\n{"a":4}',
    ['line:1 {"a":1}', 'line:1.1 {"a":2}', 'line:1.2 {"a":3}', 'line:2 {"a":4}'],
  ],
  [
    "reads an event list with one item a line",
    '{"items":[\n{"a":1},\n{"a":2}\n]}',
    ['line:1 {"items":[{"a":1},{"a":2}]}'],
  ],
  [
    "reads lines of text",
    "type=EXECVE a0=1\nnc -e\n",
    ['line:1 {"message":"type=EXECVE a0=1"}', 'line:2 {"message":"nc -e"}'],
  ],
  [
    "reads text in brackets as text",
    "[ 12.5] audit: x\n[ERROR] y\n",
    ['line:1 {"message":"[ 12.5] audit: x"}', 'line:2 {"message":"[ERROR] y"}'],
  ],
  [
    "reports a broken line and goes on",
    '{"a":1}\n{"a":\n{"a":3}\n',
    ['line:1 {"a":1}', "line:2 json_invalid", 'line:3 {"a":3}'],
  ],
  ["reports a line cut in a string and goes on", '{"a":"x\n{"a":2}\n', ["line:1 json_invalid", 'line:2 {"a":2}']],
  [
    "reports a line cut in an array and keeps all after it",
    '{"a":[\n{"a":2}\n{"a":3}\n',
    ["line:1 json_invalid", 'line:2 {"a":2}', 'line:3 {"a":3}'],
  ],
  [
    "reports a line cut before text and goes on",
    '{"a":[\ntype=EXECVE\n',
    ["line:1 json_invalid", 'line:2 {"message":"type=EXECVE"}'],
  ],
  [
    "reports a broken printed object as one",
    '{\n  "a": 1\n  "b": 2\n}\n{\n  "a": 3\n}\n',
    ["line:1 json_invalid", 'line:5 {"a":3}'],
  ],
  [
    "reports a printed object with a newline in a string as one",
    '{\n  "a": "x\n  y",\n  "b": 2\n}\n{"a":3}\n',
    ["line:1 json_invalid", 'line:6 {"a":3}'],
  ],
  [
    "reports a wrong bracket in an array and keeps its neighbours",
    '[{"a":1},{"a":[2},{"a":3}]',
    ['line:1 {"a":1}', "line:1.1 json_invalid", 'line:1.2 {"a":3}'],
  ],
  [
    "reports text after a value",
    '{"a":1} oops\n{"a":2}\n',
    ['line:1 {"a":1}', "line:1.1 json_invalid", 'line:2 {"a":2}'],
  ],
  ["reports a stray bracket", '}\n{"a":2}\n', ["line:1 json_invalid", 'line:2 {"a":2}']],
  [
    "reports what is no object",
    '[{"a":1},1,null,[2]]\n[1]\n',
    [
      'line:1 {"a":1}',
      "line:1.1 json_not_an_object",
      "line:1.2 json_not_an_object",
      "line:1.3 json_not_an_object",
      "line:2 json_not_an_object",
    ],
  ],
  [
    "reports a line of NDJSON that is no object",
    '{"a":1}\n5\nnull\n"x y"\n[]\n-1.5e3\r\ntrue\n[1]\n{"a":2}\n',
    ['line:1 {"a":1}', ...[2, 3, 4, 5, 6, 7, 8].map((line) => `line:${line} json_not_an_object`), 'line:9 {"a":2}'],
  ],
  [
    "reports it before the first object, too",
    '[]\n5\n\n{\n "a": 1\n}\n',
    ["line:1 json_not_an_object", "line:2 json_not_an_object", 'line:4 {"a":1}'],
  ],
  [
    "reads such a line as text among lines of text",
    'ls -la\n5\nnull\n"x y"\n[]\n[1]\n["x"] y\n',
    ["ls -la", "5", "null", '"x y"', "[]", "[1]", '["x"] y'].map(
      (message, n) => `line:${n + 1} ${JSON.stringify({ message })}`,
    ),
  ],
  [
    "reads it as text before the first line of text, too",
    "5\n[]\n[[ -f x ]] && rm x\nnull",
    ["5", "[]", "[[ -f x ]] && rm x", "null"].map((message, n) => `line:${n + 1} ${JSON.stringify({ message })}`),
  ],
  [
    "reads lines that are all such values as text",
    '5\n"x"',
    ['line:1 {"message":"5"}', 'line:2 {"message":"\\"x\\""}'],
  ],
  [
    "reads an empty array among arrays as nothing",
    '[]\n[{"a":1}]\n[]\n5\n[{"a":2}]\n',
    ['line:2 {"a":1}', "line:4 json_not_an_object", 'line:5 {"a":2}'],
  ],
  ["reads empty arrays alone as nothing", "[]\n[ ]\n", []],
  [
    "reads text among objects as text",
    '{"a":1}\n"cut\n2026-01-01 x\n[ERROR] y\n',
    [
      'line:1 {"a":1}',
      ...['"cut', "2026-01-01 x", "[ERROR] y"].map((message, n) => `line:${n + 2} ${JSON.stringify({ message })}`),
    ],
  ],
  [
    "reads an array after a line of text",
    'HTTP/1.1 200 OK\n\n[{"a":1}]',
    ['line:1 {"message":"HTTP/1.1 200 OK"}', 'line:3 {"a":1}'],
  ],
  ["reports an array that ends too early", '[{"a":1},{"a":', ['line:1 {"a":1}', "line:1.1 json_invalid"]],
  [
    "reports a long line and goes on",
    `{"a":"${"x".repeat(3_000)}"}\n{"a":2}\n`,
    ["line:1 record_too_large", 'line:2 {"a":2}'],
  ],
  [
    "reports a long line of text and goes on",
    `${"x".repeat(3_000)}\ny\n`,
    ["line:1 record_too_large", 'line:2 {"message":"y"}'],
  ],
  [
    "reports a long element of an array and goes on",
    `[{"a":"${"x".repeat(3_000)}"},{"a":2}]`,
    ["line:1 record_too_large", 'line:1.1 {"a":2}'],
  ],
  [
    "reports a long printed object and goes on",
    `{\n${' "a": 1,\n'.repeat(300)} "b": 1\n}\n{"a":2}\n`,
    ["line:1 record_too_large", 'line:304 {"a":2}'],
  ],
  [
    "keeps NUL and control characters",
    '{"a":"x\0\u0001\ty"}\nx\0y\n',
    ['line:1 {"a":"x\\u0000\\u0001\\ty"}', 'line:2 {"message":"x\\u0000y"}'],
  ],
  [
    "replaces invalid UTF-8",
    Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
    ['line:1 {"a":"\ufffd"}'],
  ],
  ["keeps a key named __proto__ as data", '{"__proto__":{"a":1}}', ['line:1 {"__proto__":{"a":1}}']],
];

describe("the record splitter", () => {
  for (const [behaviour, input, expected] of cases) {
    it(behaviour, () => {
      expect(split(input)).toEqual(expected);
    });
    it(`${behaviour}, whatever the pieces it arrives in`, () => {
      for (const step of [1, 2, 3, 7, 64]) expect(split(input, step)).toEqual(expected);
    });
  }

  it("looks no further than 64 KiB for a line that shows what a file is", () => {
    const found = split(`${"5\n".repeat(40_000)}{"a":1}\n6\n`);
    expect(found.slice(0, 1)).toEqual(['line:1 {"message":"5"}']);
    expect(found.slice(39_999)).toEqual([
      'line:40000 {"message":"5"}',
      'line:40001 {"a":1}',
      'line:40002 {"message":"6"}',
    ]);
    expect(split(`${"5\n".repeat(30_000)}{"a":1}\n`).slice(0, 1)).toEqual(["line:1 json_not_an_object"]);
  });

  it("names line and column of an error", () => {
    const window = new ByteWindow();
    window.append(Buffer.from('{"a":1}\n{"a" 1}\n'));
    const splitter = new RecordSplitter(window, startOfFile(), { name: "a.log", generation: 2 }, 1_000);
    splitter.next(true);
    expect(splitter.next(true)).toMatchObject({
      code: "json_invalid",
      reason: "line 2 column 6: not valid JSON, expected ':'",
      id: "line:2@2",
      excerpt: '{"a" 1}',
    });
  });

  it("reads a hostile depth without failing", () => {
    const deep = `{"a":${"[".repeat(400)}${"]".repeat(400)}}`;
    expect(split(`${deep}\n${"[".repeat(900)}\n{"a":1}\n`)).toHaveLength(3);
  });
});
