import { describe, expect, it } from "vitest";
import { createAuditdReader } from "../../src/normalize/auditd/auditd-reader.ts";
import { parseAuditRecord } from "../../src/normalize/auditd/parse-record.ts";
import type { ReaderResult } from "../../src/normalize/record-reader.ts";

const stamp = "msg=audit(1700000000.123:4242)";
const syscall = `type=SYSCALL ${stamp}: arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 ppid=10 pid=11 auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=7 comm="ls" exe="/usr/bin/ls" key=(null)`;
const cwd = `type=CWD ${stamp}: cwd="/home/user"`;
const path = `type=PATH ${stamp}: item=0 name="/usr/bin/ls" nametype=NORMAL`;
const path1 = `type=PATH ${stamp}: item=1 name="/lib64/ld.so" nametype=NORMAL`;
const title = `type=PROCTITLE ${stamp}: proctitle=6C73002D6C`;
const execve = (fields: string) => `type=EXECVE ${stamp}: ${fields}`;

function read(lines: readonly string[]): ReaderResult[] {
  const reader = createAuditdReader();
  const results = lines.flatMap((line, index) =>
    reader.add({ container: "audit.log", id: `line:${index + 1}`, sequence: index + 1 }, line),
  );
  return [...results, ...reader.flush()];
}

function events(lines: readonly string[]): Record<string, unknown>[] {
  return read(lines).flatMap((result) =>
    result.kind === "document" ? [result.document["auditd_event"] as Record<string, unknown>] : [],
  );
}

const whole = (args: string) => [syscall, execve(args), cwd, path, path1, title];

describe("auditd reader", () => {
  it("joins the records of one event and gives it out as soon as it is whole", () => {
    const reader = createAuditdReader();
    const given = whole('argc=2 a0="ls" a1="-l"').map((line, index) =>
      reader.add({ container: "f", id: `line:${index}`, sequence: index }, line),
    );
    expect(given.map((results) => results.length)).toEqual([0, 0, 0, 0, 0, 1]);
    expect(given[5]?.[0]).toMatchObject({
      kind: "document",
      document: {
        auditd_event: {
          kind: "exec",
          args: ["ls", "-l"],
          cwd: "/home/user",
          ses: "7",
          auid: "1000",
          uid: "0",
          time: "1700000000.123",
          time_ms: 1_700_000_000_123,
          sequence: "4242",
          incomplete: false,
        },
      },
    });
    expect(given[5]?.[0]?.records).toHaveLength(6);
  });

  it("decodes hex arguments, keeps quoted ones, and sorts by number", () => {
    const args =
      'argc=12 a10="k" a11="l" a2=6563686F2022C3A922 a0="sh" a1="6162" a3="d" a4="e" a5="f" a6="g" a7="h" a8="i" a9="j"';
    expect(events(whole(args))[0]).toMatchObject({
      args: ["sh", "6162", 'echo "é"', "d", "e", "f", "g", "h", "i", "j", "k", "l"],
      incomplete: false,
    });
  });

  it("joins an argument split over several records, even inside a character", () => {
    const lines = [
      syscall,
      execve('argc=2 a0="sh" a1_len=8 a1[0]=20C3'),
      execve("a1[1]=A920"),
      cwd,
      path,
      path1,
      title,
    ];
    expect(events(lines)[0]).toMatchObject({ args: ["sh", " é "], incomplete: false });
  });

  it("marks missing arguments and the event", () => {
    expect(events([execve('a2="c" a3="d"')])[0]).toMatchObject({
      args: ["[... 2 truncated arguments ...]", "c", "d"],
      incomplete: true,
    });
    expect(events(whole('argc=5 a0="a" a3="d"'))[0]).toMatchObject({
      args: ["a", "[... 2 truncated arguments ...]", "d", "[... 1 truncated arguments ...]"],
      incomplete: true,
    });
  });

  it("falls back to the process title where EXECVE was lost", () => {
    expect(events([syscall, cwd, path, path1, title])[0]).toMatchObject({ args: ["ls", "-l"], args_from: "proctitle" });
  });

  it("takes the tried path, not the caller's title, for a failed exec", () => {
    const failed = syscall.replace("success=yes", "success=no").replace("items=2", "items=1");
    expect(events([failed, cwd, path.replace("/ls", "/nope"), title])[0]).toMatchObject({
      success: false,
      args: ["/usr/bin/nope"],
      args_from: "path",
    });
  });

  it("reads several records from one text, joined by line ends or by spaces", () => {
    const lines = whole('argc=1 a0="ls"');
    for (const text of [lines.join("\n"), lines.join(" ")]) {
      expect(read([text])).toHaveLength(1);
      expect(events([text])[0]).toMatchObject({ args: ["ls"], incomplete: false });
    }
  });

  it("does not take a record forged inside a quoted argument for one", () => {
    const forged = `argc=1 a0="x type=USER_CMD ${stamp}: cmd=6C73 "`;
    expect(events([`${syscall} type=EXECVE ${stamp}: ${forged}`])).toHaveLength(1);
  });

  it("reads names from the enriched tail, marked or glued", () => {
    for (const mark of ["\u001d", ""]) {
      const line = `${syscall}${mark}ARCH=x86_64 SYSCALL=execve AUID="user" UID="root"`;
      expect(events([line])[0]).toMatchObject({
        auid_name: "user",
        uid_name: "root",
        arch: "x86_64",
        syscall: "execve",
      });
    }
  });

  it("reads sudo commands in hex and quoted, and leaves unset values out", () => {
    const line = (cmd: string) =>
      `type=USER_CMD ${stamp}: pid=3 uid=1000 auid=4294967295 ses=4294967295 msg='cwd="/" cmd=${cmd} terminal=pts/0 res=success'UID="user" AUID="unset"`;
    const [hex] = events([line("6C73202D6C")]);
    expect(hex).toMatchObject({ kind: "user_cmd", cmd: "ls -l", tty: "pts/0", success: true, uid_name: "user" });
    expect(hex?.["auid"]).toBeUndefined();
    expect(hex?.["auid_name"]).toBeUndefined();
    expect(events([line('"id"')])[0]).toMatchObject({ cmd: "id" });
  });

  it("splits several keys of one rule hit", () => {
    expect(events([syscall.replace("key=(null)", "key=6101620163")])[0]).toMatchObject({ key: ["a", "b", "c"] });
  });

  it("keeps records of different hosts and nodes apart", () => {
    const reader = createAuditdReader();
    reader.add({ container: "f", id: "1", sequence: 1 }, syscall, "web-1");
    reader.add({ container: "f", id: "2", sequence: 2 }, execve('argc=1 a0="ls"'), "web-2");
    reader.add({ container: "f", id: "3", sequence: 3 }, `node=db-1 ${title}`, "web-1");
    expect(reader.flush()).toHaveLength(3);
  });

  it("keeps every digit of serials beyond 2^53 and of times in nanoseconds, and tells events apart by the last", () => {
    const line = (time: string, serial: string) => `type=EXECVE msg=audit(${time}:${serial}): argc=1 a0="id"`;
    const read = events([
      line("1700000000.123456789", "18446744073709551615"),
      line("1700000000.123456789", "18446744073709551614"),
      line("1700000000.123456788", "18446744073709551615"),
    ]);
    expect(read.map((event) => `${event["time"]}:${event["sequence"]}`)).toEqual([
      "1700000000.123456789:18446744073709551615",
      "1700000000.123456789:18446744073709551614",
      "1700000000.123456788:18446744073709551615",
    ]);
  });

  it("reads what shippers make of the byte before names, and of quotes escaped twice", () => {
    for (const mark of ["#035", "^]", "\\u001d", "\ufffd"]) {
      const [event] = events([`${syscall}${mark}ARCH=x86_64 AUID="user"`]);
      expect(event).toMatchObject({ arch: "x86_64", auid_name: "user" });
      expect(event).not.toHaveProperty("key.0", mark);
      const command = `type=USER_CMD ${stamp}: pid=3 ses=1 msg='cmd="id" res=success'${mark}AUID="user"`;
      expect(events([command])[0]).toMatchObject({ cmd: "id", auid_name: "user" });
    }
    expect(events([execve('argc=2 a0=\\"id\\" a1=\\"-u\\"')])[0]).toMatchObject({ args: ["id", "-u"] });
  });

  it("closes the oldest event when too many wait", () => {
    const reader = createAuditdReader({ maxPending: 2 });
    const line = (serial: number) => syscall.replace(":4242", `:${serial}`);
    const counts = [1, 2, 3].map((n) => reader.add({ container: "f", id: `${n}`, sequence: n }, line(n)).length);
    expect(counts).toEqual([0, 0, 1]);
  });

  it("gives a rejected result with a reason for text that is no record", () => {
    expect(read(["hello", ""]).map((result) => (result.kind === "document" ? "" : result.code))).toEqual([
      "auditd_line_unparsable",
      "auditd_line_unparsable",
    ]);
    expect(parseAuditRecord("type=SYSCALL msg=audit(x.1:2): a=1").kind).toBe("unparsable");
  });

  it("joins lines that one document of a shipper holds, and knows a line that comes in two documents", () => {
    const reader = createAuditdReader();
    const batch = { container: "f", id: "batch", sequence: 1 };
    expect(reader.add(batch, syscall)).toEqual([]);
    expect(reader.add(batch, execve('argc=1 a0="ls"'))).toEqual([]);
    const [repeated] = reader.add({ container: "f", id: "other", sequence: 2 }, syscall);
    expect(repeated).toMatchObject({ kind: "skipped", code: "auditd_record_repeated", records: [{ id: "other" }] });
    expect(reader.flush()).toMatchObject([
      { document: { auditd_event: { args: ["ls"] } }, records: [{ id: "batch" }] },
    ]);
  });

  it("takes an event of 200,000 records in linear time", () => {
    const reader = createAuditdReader();
    for (let sequence = 0; sequence < 200_000; sequence += 1) {
      reader.add({ container: "f", id: `${sequence}`, sequence }, execve(`a${sequence}="x"`));
    }
    expect(reader.flush()).toMatchObject([{ kind: "document", incomplete: true }]);
  }, 10_000);

  it("reads 100,000 arguments in linear time", () => {
    const lines: string[] = [syscall];
    for (let start = 0; start < 100_000; start += 100) {
      const fields = Array.from({ length: 100 }, (_, index) => `a${start + index}="x${start + index}"`).join(" ");
      lines.push(execve(start === 0 ? `argc=100000 ${fields}` : fields));
    }
    const [event] = events([...lines, cwd, path, path1, title]);
    expect(event).toMatchObject({ incomplete: false });
    expect(event?.["args"]).toHaveLength(100_000);
  });
});
