import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { normalizeSample } from "../../src/normalize/check-samples.ts";
import { parseMapping } from "../../src/normalize/load-mappings.ts";
import { scaffoldMapping } from "../../src/normalize/scaffold-mapping.ts";
import type { Document } from "../../src/sdk/document.ts";

function readScaffold(documents: readonly Document[]) {
  const text = scaffoldMapping("made", documents);
  const mappings = [parseMapping(text, "made.yaml")];
  const [result] = normalizeSample(documents.slice(0, 1), "sample", { mappings, readers: builtInReaders });
  return { text, event: result?.kind === "event" ? result.event : undefined };
}

describe("a mapping made of samples", () => {
  it.each([
    [
      {
        app: "jumpbox",
        cmd: { argv: ["id", "-u"] },
        who: { name: "alice" },
        at: 1767323045678,
        machine: "web-1",
        login_id: "L-7",
      },
      { text: "id -u", timeMs: 1767323045678, sessionKey: "linux|web-1|login_id|L-7", user: "alice" },
    ],
    [
      {
        "@timestamp": "2026-01-02T03:04:05Z",
        "proc.cmdline": "ls -l",
        "user.name": "bob",
        hostname: "db-1",
        "session.id": 5,
      },
      { text: "ls -l", timeMs: 1767323045000, sessionKey: "linux|db-1|session.id|5", user: "bob" },
    ],
    [
      {
        evt: { time: "1767323045.5", command: "uname -a", uid: "0", tty: "pts0" },
        node: "n1",
        process: { image: "/bin/uname" },
      },
      {
        text: "uname -a",
        timeMs: 1767323045500,
        sessionKey: "linux|n1|evt.tty|pts0",
        user: "0",
        executable: "/bin/uname",
      },
    ],
    [
      {
        kind: "exec",
        parent: { command: "sshd: alice" },
        command: "whoami",
        ts: 1767323045678901234n.toString(),
        ppid: 3,
      },
      { text: "whoami", parent: "sshd: alice", sessionKeyFrom: "fallback:container" },
    ],
  ])("reads %j", (document, expected) => {
    expect(readScaffold([document]).event).toMatchObject(expected);
  });

  it("is recognised by what all samples say, and says how many had a field", () => {
    const { text } = readScaffold([
      { type: "run", app: "one", cmd: "id", user: "a" },
      { type: "run", app: "two", cmd: "ls" },
    ]);
    expect(text).toContain("    - { field: type, equals: run }\n    - { field: cmd, exists: true }\nplatform");
    expect(text).toContain('  - user # 1 of 2, e.g. "a"');
  });

  it("skips documents of its kind that hold no command", () => {
    const { text } = readScaffold([
      { svc: "gate", cmd: "id" },
      { svc: "gate", peer: "192.0.2.1" },
    ]);
    expect(text).toContain("    - { field: svc, equals: gate }\nplatform");
    expect(text).toContain("skip:\n  - when: { none: [{ field: cmd, exists: true }] }\n    code: not_execution\n");
  });

  it("names the kinds it saw, since ends and forks may hold a command too", () => {
    const documents = ["exec", "exit"].map((kind) => ({ app: "gw", kind, cmd: "id", "box.fqdn": "a.example.com" }));
    const { text, event } = readScaffold(documents);
    expect(text).toContain("# kind held: exec, exit.");
    expect(text).toContain("#  - when: { field: kind, in: [exit] }");
    expect(event?.host).toBe("a.example.com");
  });

  it("says where it found no command", () => {
    expect(readScaffold([{ level: "info", n: 1 }]).text).toContain(
      "- FIELD # no field of the sample looks like a command",
    );
  });

  it("is a mapping whatever the documents hold", () => {
    const document = fc.dictionary(
      fc.oneof(fc.constantFrom("cmd", "time", "user", "@x", "a.b", "a: b #"), fc.string()),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 3 }), (documents) => {
        expect(parseMapping(scaffoldMapping("made", documents), "made.yaml").name).toBe("made");
      }),
      { numRuns: 400 },
    );
  });
});
