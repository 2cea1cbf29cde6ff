import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logConverters } from "../../src/normalize/convert/log-converters.ts";

const keys = [
  "message",
  "MESSAGE",
  "log",
  "event",
  "host",
  "args",
  "data",
  "snapshot",
  "diffResults",
  "resourceLogs",
  "body",
  "attributes",
  "resource",
  "_AUDIT_TYPE_NAME",
  "_AUDIT_ID",
  "__proto__",
];
const pieces = [
  "Jan  2 03:04:05 web-1 sudo[1]: x",
  "<1>1 2026-01-02T03:04:05Z h a - - [x",
  '<Event>Linux-Sysmon<EventID>1<Data Name="A">&#x110000;&lt',
  '{"a":1}',
  "EXECVE argc=1",
  "1767323045678901234",
];
const text = fc.oneof(fc.constantFrom(...pieces), fc.string(), fc.string({ unit: "binary" }));
const value = fc.oneof(
  text,
  fc.array(fc.nat(300), { maxLength: 5 }),
  fc.array(fc.record({ name: text, key: text, value: fc.jsonValue() }, { requiredKeys: [] }), { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 5 }),
);
const document = fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), value, { maxKeys: 8 });

describe("converters of logs", () => {
  it.each(logConverters)("%s gives objects or nothing for any document, and changes none", (_, convert) => {
    fc.assert(
      fc.property(document, (given) => {
        const before = JSON.stringify(given);
        const converted = convert(given);
        expect(JSON.stringify(given)).toBe(before);
        for (const one of converted ?? []) expect(typeof one === "object" && one !== null).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each(logConverters)("%s takes no more than its share of time for a megabyte made to be slow", (_, convert) => {
    const long = 500_000;
    const hostile = [
      `<Event>Linux-Sysmon${'<Data Name="'.repeat(long / 10)}`,
      `<Event>Linux-Sysmon${'<Data Name="A">'.repeat(long / 10)}`,
      `<1>1 2026-01-02T03:04:05Z h a - - ${"[x]".repeat(long)}`,
      `Jan  2 03:04:05 ${"a".repeat(long)}`,
      `Jan  2 03:04:05 web-1 ${"a[".repeat(long)}`,
      "&".repeat(long),
    ];
    const started = performance.now();
    for (const message of hostile) convert({ message, MESSAGE: message, body: message, name: "x" });
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
