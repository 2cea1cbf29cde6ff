import { describe, expect, it } from "vitest";
import { parseMapping } from "../../src/normalize/load-mappings.ts";

const head = "name: my-app\nversion: 1\ntitle: My app\nprecedence: 10\n";
const good = `${head}recognise:\n  all:\n    - { field: app, equals: x }\ntext: [cmd]\n`;

describe("mapping files", () => {
  it("accepts a small mapping", () => {
    expect(parseMapping(good, "my.yaml")).toMatchObject({ name: "my-app", text: ["cmd"] });
  });

  it.each([
    ["an unknown key", good.replace("equals", "equal"), "my.yaml:7: recognise.all.0: Unrecognized key"],
    [
      "a test without a field",
      good.replace("field: app, ", ""),
      "my.yaml:7: recognise.all.0: a test needs both a field",
    ],
    ["a key given twice", `${good}title: Again\n`, "my.yaml:9: Map keys must be unique"],
    ["broken YAML", good.replace("[cmd]", "[cmd"), "my.yaml:"],
    ["a regex RE2 does not know", `${good}host:\n  - { field: h, extract: '(?=x)' }\n`, "my.yaml:10: host.0.extract:"],
    [
      "a path without a name",
      good.replace("field: app", "field: app..x"),
      'my.yaml:7: recognise.all.0.field: "app..x" is not a field path',
    ],
    ["a bad path in a short form", good.replace("[cmd]", "['cmd..x']"), "my.yaml:8: text.0:"],
    ["neither text nor unwrap", good.replace("text: [cmd]\n", ""), "a mapping has either text or unwrap"],
    [
      "two sources in one candidate",
      good.replace("[cmd]", "[{ field: a, join: b }]"),
      "my.yaml:8: text.0: a text candidate names one of",
    ],
    [
      "a value of the wrong type",
      good.replace("precedence: 10", "precedence: high"),
      "my.yaml:4: precedence: Invalid input: expected number",
    ],
  ])("refuses %s with file, line and path", (_, text, message) => {
    expect(() => parseMapping(text, "my.yaml")).toThrow(message);
  });
});
