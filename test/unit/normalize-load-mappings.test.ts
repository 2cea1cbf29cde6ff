import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappingSet, type MappingSources } from "../../src/normalize/load-mapping-set.ts";
import { loadMappings, mappingsOf, parseMapping } from "../../src/normalize/load-mappings.ts";
import type { Document } from "../../src/sdk/document.ts";

const head = "name: my-app\nversion: 1\ntitle: My app\nprecedence: 10\n";
const good = `${head}recognise:\n  all:\n    - { field: app, equals: x }\ntext: [cmd]\n`;

describe("mapping files", () => {
  it("accepts a small mapping", () => {
    expect(parseMapping(good, "my.yaml")).toMatchObject({ name: "my-app", text: ["cmd"] });
  });

  it.each([
    ["an unknown key", good.replace("equals", "equal"), "my.yaml:7:7: recognise.all.0: Unrecognized key"],
    [
      "a test without a field",
      good.replace("field: app, ", ""),
      "my.yaml:7:7: recognise.all.0: a test needs both a field",
    ],
    ["a key given twice", `${good}title: Again\n`, "my.yaml:9:1: Map keys must be unique"],
    ["broken YAML", good.replace("[cmd]", "[cmd"), "my.yaml:9:1: "],
    [
      "a regex RE2 does not know",
      `${good}host:\n  - { field: h, extract: '(?=x)' }\n`,
      "my.yaml:10:26: host.0.extract:",
    ],
    [
      "a path without a name",
      good.replace("field: app", "field: app..x"),
      'my.yaml:7:16: recognise.all.0.field: "app..x" is not a field path',
    ],
    ["a bad path in a short form", good.replace("[cmd]", "['cmd..x']"), "my.yaml:8:8: text.0:"],
    ["neither text nor unwrap", good.replace("text: [cmd]\n", ""), "a mapping has either text or unwrap"],
    [
      "two sources in one candidate",
      good.replace("[cmd]", "[{ field: a, join: b }]"),
      "my.yaml:8:8: text.0: a text candidate names one of",
    ],
    [
      "a value of the wrong type",
      good.replace("precedence: 10", "precedence: high"),
      "my.yaml:4:13: precedence: Invalid input: expected number",
    ],
    ["aliases that multiply", `a: &a [x,x,x]\nb: &b [${"*a,".repeat(60)}]\nc: [${"*b,".repeat(60)}]`, "my.yaml:1:1: "],
  ])("refuses %s with file, line, column and path", (_, text, message) => {
    expect(() => parseMapping(text, "my.yaml")).toThrow(message);
  });
});

const scratch = mkdtempSync(join(tmpdir(), "tagsmith-mappings-"));
afterAll(() => rmSync(scratch, { recursive: true }));

function folderOf(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

function readWith(sources: Omit<MappingSources, "folder">, document: Document, container = "rows") {
  const mappings = mappingsOf(loadMappingSet({ folder: resolve(import.meta.dirname, "../../mappings"), ...sources }));
  const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "test" });
  const [result] = normalizer.normalize([{ kind: "document", document, container, id: "1", sequence: 1 }]);
  return result?.kind === "event" ? result.event : result?.code;
}

describe("a user's mappings", () => {
  const own = `${good.replace("precedence: 10", "precedence: 200")}session: [{ fields: [login] }]\n`;

  it("come beside the bundled ones", () => {
    const extra = [folderOf("beside", { "my.yaml": own, "my.samples.yaml": "matches: []" })];
    expect(readWith({ extra }, { app: "x", cmd: "id", login: 7 })).toMatchObject({ mapping: "my-app@1", text: "id" });
    expect(readWith({ extra }, { command: "ls" })).toMatchObject({ mapping: "plain-row@1" });
  });

  it("replace a bundled one of the same name, as folder or as file", () => {
    const folder = folderOf("instead", { "mine.yaml": own.replace("name: my-app", "name: plain-row") });
    for (const extra of [[folder], [join(folder, "mine.yaml")]]) {
      expect(readWith({ extra }, { app: "x", cmd: "id" })).toMatchObject({ mapping: "plain-row@1" });
      expect(readWith({ extra }, { command: "ls" })).toBe("mapping_unknown_shape");
    }
  });

  it("may be none yet, but their folder must be there, and a folder to begin with must hold some", () => {
    const empty = folderOf("empty", { "my.samples.yaml": "matches: []" });
    expect(readWith({ extra: [empty] }, { command: "ls" })).toMatchObject({ text: "ls" });
    expect(() => readWith({ extra: [join(scratch, "none")] }, {})).toThrow(/none: the mapping cannot be read/);
    expect(() => loadMappings(empty)).toThrow(/holds no mapping/);
  });
});

describe("a map of fields in the configuration", () => {
  const fields = {
    command: ["my.cmd", "my.argv"],
    user: "my.who",
    host: "my.box",
    time: "my.at",
    session: "my.login",
    containers: ["app-*"],
    when: { kind: ["run", "exec"] },
  };
  const document = { kind: "exec", my: { argv: ["ls", "-l"], who: "alice", box: "web-1", login: 7 } };

  it("reads its indices before any mapping", () => {
    expect(readWith({ fields }, { ...document, message: "hello" }, "app-1")).toMatchObject({
      mapping: "fields-1@1",
      text: "ls -l",
      user: "alice",
      sessionKey: "linux|web-1|my.login|7",
    });
  });

  it("leaves other indices, and documents without its fields and values, to the mappings", () => {
    expect(readWith({ fields }, document, "other-1")).toBe("mapping_unknown_shape");
    expect(readWith({ fields }, { ...document, kind: "stat" }, "app-1")).toBe("mapping_unknown_shape");
    expect(readWith({ fields }, { kind: "exec", command: "ls" }, "app-1")).toMatchObject({ mapping: "plain-row@1" });
  });

  it.each([
    [{ comand: "x" }, "mappings.fields: Unrecognized key"],
    [[{ command: "a" }, { command: "a..b", user: 5 }], "mappings.fields.1.user: "],
    [{ command: "a..b" }, 'mappings.fields.text.0: "a..b" is not a field path'],
  ])("is refused with its place: %j", (bad, message) => {
    expect(() => readWith({ fields: bad }, {})).toThrow(message);
  });
});

describe("session candidates in the configuration", () => {
  const document = { command: "ls", host: "web-1", session_id: "s", case: "c-1", shift: "night", user: "a" };

  it("for one mapping replace its own", () => {
    const session = { "plain-row": [{ name: "case+shift", fields: ["case", "shift"] }] };
    expect(readWith({ session }, document)).toMatchObject({
      sessionKey: "linux|web-1|case+shift|c-1|night",
      sessionKeyFrom: "case+shift",
    });
    expect(readWith({ session }, { ...document, case: null })).toMatchObject({ sessionKeyFrom: "fallback:host+user" });
  });

  it("for all come first", () => {
    const session = { "*": [{ fields: ["case"], scope: "platform" }] };
    expect(readWith({ session }, document)).toMatchObject({ sessionKey: "linux||case|c-1" });
    expect(readWith({ session }, { ...document, case: "" })).toMatchObject({ sessionKeyFrom: "session_id" });
  });

  it.each([
    [{ "no-such": [{ fields: ["a"] }] }, "mappings.session.no-such: there is no such mapping"],
    [{ "*": [{ field: ["a"] }] }, "mappings.session.*.0"],
    [{ "*": [{ fields: ["a..b"] }] }, "mappings.session.*.0.fields.0"],
  ])("are refused with their place: %j", (session, message) => {
    expect(() => readWith({ session }, {})).toThrow(message);
  });
});
