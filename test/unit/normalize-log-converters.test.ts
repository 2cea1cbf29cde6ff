import { describe, expect, it } from "vitest";
import { convertJournaldAudit } from "../../src/normalize/convert/journald-audit.ts";
import { convertJournaldBytes } from "../../src/normalize/convert/journald-bytes.ts";
import { convertOsqueryRows } from "../../src/normalize/convert/osquery-rows.ts";
import { convertOtelDocument, convertOtlpLogs } from "../../src/normalize/convert/otel-record.ts";
import { plainOtelValue } from "../../src/normalize/convert/otel-value.ts";
import { convertSyslogLine } from "../../src/normalize/convert/syslog-line.ts";
import { convertSysmonXml } from "../../src/normalize/convert/sysmon-xml.ts";
import { convertTraceeArguments } from "../../src/normalize/convert/tracee-arguments.ts";
import { decodeText, prependProgram } from "../../src/normalize/decode-text.ts";

describe("the header of a log line", () => {
  it.each([
    ["Jan  2 03:04:05 web-1 sudo[812]: text", "text", { host: "web-1", program: "sudo", pid: "812" }],
    ["<38>Jan 12 03:04:05 web-1 sudo: text", "text", { host: "web-1", program: "sudo" }],
    ["2026-01-02T03:04:05.6+01:00 web-1 a.b/c: text", "text", { time: "2026-01-02T03:04:05.6+01:00" }],
    ['<38>1 2026-01-02T03:04:05Z web-1 app - ID1 [a b="]"] text', '"] text', { program: "app" }],
    ["<38>1 2026-01-02T03:04:05Z - app 7 - - \uFEFFtext", "text", { pid: "7" }],
    ["2026-01-02T03:04:05.123456789Z stderr F text", "text", { time: "2026-01-02T03:04:05.123456789Z" }],
  ])("is taken off %j", (message, text, header) => {
    const [document] = convertSyslogLine({ message }) ?? [];
    expect(document).toMatchObject({ message: text, syslog_line: header });
  });

  it.each(["Jan 2nd at noon", "2026 web-1 sudo: x", "<b>x</b>", "Jan  2 03:04:05 no colon here", ""])(
    "is not seen in %j",
    (message) => expect(convertSyslogLine({ message })).toBeUndefined(),
  );

  it("gives the host, unless it only says localhost and the shipper knows better", () => {
    const host = (name: string, known: unknown) =>
      convertSyslogLine({ message: `Jan  2 03:04:05 ${name} x: y`, host: known })?.[0]?.["host"];
    expect(host("web-1", { name: "collector", ip: "192.0.2.1" })).toEqual({
      name: "web-1",
      hostname: "web-1",
      ip: "192.0.2.1",
    });
    expect(host("localhost", "web-2")).toEqual({ name: "web-2" });
    expect(host("localhost", undefined)).toEqual({ name: "localhost", hostname: "localhost" });
  });
});

describe("Sysmon XML", () => {
  const event = (data: string) =>
    `<Event><System><Provider Name="Linux-Sysmon"/><EventID>1</EventID></System><EventData>${data}`;
  const dataOf = (data: string) => convertSysmonXml({ message: event(data) })?.[0]?.["sysmon"];

  it("keeps escaped markup inside a command line", () => {
    const sysmon = dataOf(
      '<Data Name="CommandLine">echo &lt;/Data&gt;&lt;Data Name=&quot;User&quot;&gt;root</Data></EventData>',
    );
    expect(sysmon).toMatchObject({
      data: { CommandLine: 'echo </Data><Data Name="User">root' },
      truncated: false,
    });
  });

  it("takes the first of a name, so that a later one cannot replace it", () => {
    const sysmon = dataOf('<Data Name="User">alice</Data><Data Name="User">root</Data></EventData>');
    expect(sysmon).toMatchObject({ data: { User: "alice" } });
  });

  it("says that a line was cut, and gives the value as far as it goes", () => {
    expect(dataOf('<Data Name="CommandLine">curl https://exa')).toMatchObject({
      data: { CommandLine: "curl https://exa" },
      truncated: true,
    });
  });

  it("does not decode twice, and leaves what is no character alone", () => {
    expect(dataOf('<Data Name="CommandLine">&amp;lt; &#1114112; &#x41;</Data></EventData>')).toMatchObject({
      data: { CommandLine: "&lt; &#1114112; A" },
    });
  });

  it("is not seen in another provider's events", () => {
    expect(convertSysmonXml({ message: "<Event><Provider Name='Other'/></Event>" })).toBeUndefined();
  });
});

describe("OpenTelemetry values", () => {
  it("keep 64-bit integers and nanoseconds whole", () => {
    expect(plainOtelValue({ intValue: "9007199254740993" })).toBe("9007199254740993");
    const [document] =
      convertOtlpLogs({
        resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: "1767323045678901234", body: {} }] }] }],
      }) ?? [];
    expect(document?.["@timestamp"]).toBe("2026-01-02T03:04:05.678901234Z");
  });

  it("end where they nest too deep", () => {
    let value: unknown = { stringValue: "x" };
    for (let depth = 0; depth < 5_000; depth += 1) value = { arrayValue: { values: [value] } };
    expect(JSON.stringify(plainOtelValue(value)).length).toBeLessThan(200);
  });

  it("of the resource give the host, and never the command of the program that wrote the record", () => {
    const [document] =
      convertOtelDocument({
        body: { text: "hello" },
        attributes: { a: 1 },
        resource: { attributes: { "host.name": "web-1", "process.command_line": "/app" } },
      }) ?? [];
    expect(document).toEqual({ "host.name": "web-1", a: 1, message: "hello", otel_record: { event_name: null } });
  });
});

describe("lists of a sensor", () => {
  it("of Tracee become an object, typed values and JSON text too", () => {
    const args = (list: unknown) => convertTraceeArguments({ eventName: "execve", args: list })?.[0]?.["args"];
    expect(args([{ name: "argv", value: ["ls"] }, { name: "argv", value: ["x"] }, null, { name: 5 }])).toEqual({
      argv: ["ls"],
    });
    expect(
      args([
        { name: "argv", strArray: { value: ["ls"] } },
        { name: "p", str: "/bin/ls" },
      ]),
    ).toEqual({
      argv: ["ls"],
      p: "/bin/ls",
    });
    expect(
      args([
        { name: "argv", value: '["ls"]' },
        { name: "b", value: "[ls -l]" },
      ]),
    ).toEqual({
      argv: ["ls"],
      b: "[ls -l]",
    });
    expect(Object.keys(Object(args([{ name: "__proto__", value: 1 }])))).toEqual(["__proto__"]);
  });

  it("of osquery become one document a row", () => {
    const rows = convertOsqueryRows({ name: "q", diffResults: { added: [{ a: "1" }], removed: [{ b: "2" }, null] } });
    expect(rows).toEqual([
      { name: "q", action: "added", columns: { a: "1" } },
      { name: "q", action: "removed", columns: { b: "2" } },
    ]);
    expect(convertOsqueryRows({ name: "q", diffResults: "" })).toEqual([]);
    expect(convertOsqueryRows({ name: "q", diffResults: 5 })).toBeUndefined();
  });
});

describe("journal entries", () => {
  it("written as bytes become text", () => {
    expect(convertJournaldBytes({ MESSAGE: [105, 100, 10, 195, 164], _PID: "1", _X: [300] })).toEqual([
      { MESSAGE: "id\nä", _PID: "1", _X: [300] },
    ]);
    expect(convertJournaldBytes({ MESSAGE: ["a", "b"] })).toBeUndefined();
  });

  it("of the audit transport become the line auditd writes", () => {
    const entry = {
      MESSAGE: 'EXECVE argc=1 a0="ls"',
      _AUDIT_TYPE_NAME: "EXECVE",
      _AUDIT_ID: "77",
      _HOSTNAME: "web-1",
      _SOURCE_REALTIME_TIMESTAMP: "1767323045123456",
    };
    expect(convertJournaldAudit(entry)).toEqual([
      { message: 'type=EXECVE msg=audit(1767323045.123:77): argc=1 a0="ls"', host: { name: "web-1" } },
    ]);
    expect(convertJournaldAudit({ ...entry, _AUDIT_ID: "7) x" })).toBeUndefined();
    expect(convertJournaldAudit({ ...entry, _AUDIT_TYPE_NAME: "A\nB" })).toBeUndefined();
  });
});

describe("values", () => {
  it("are freed of octal escapes, and no other number sign", () => {
    expect(decodeText("octal_escapes", "a#012b#040c #011 #100 #0 #123456 #")).toBe("a\nb c \t #100 #0 #123456 #");
  });

  it("get their program in front once", () => {
    expect(prependProgram("/bin/sh", "-c id")).toBe("/bin/sh -c id");
    expect(prependProgram("/bin/sh", "/bin/sh -c id")).toBe("/bin/sh -c id");
    expect(prependProgram("/bin/sh", "/bin/sh")).toBe("/bin/sh");
    expect(prependProgram("/bin/sh", "/bin/sh2")).toBe("/bin/sh /bin/sh2");
    expect(prependProgram(undefined, "-c id")).toBe("-c id");
  });
});
