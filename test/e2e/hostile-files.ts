import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gunzipSync, gzipSync } from "node:zlib";

const notUtf8 = Buffer.concat([Buffer.from('{"cmdline":"cat '), Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from('"}')]);

/** Good and bad lines of one file, by line from 1. */
const mixedLines: readonly (string | Buffer)[] = [
  row({ cmdline: "id", session_id: "good" }),
  '{"cmdline": "ls", ',
  row({ cmdline: "x".repeat(10 * 1024 * 1024) }),
  row({ cmdline: { a: 1 }, "@timestamp": [], session_id: {}, host: 5, user: [{}] }),
  row({
    cmdline: "whoami",
    "@timestamp": {},
    session_id: [],
    host: { name: {} },
    user: {},
    executable: [[1]],
    parent: {},
  }),
  notUtf8,
  row({ cmdline: "echo \0 \x1b[2J \x07 \u009b31m \u202e", session_id: "a\x1b[31mb" }),
  '{"cmdline":"raw \x1b[2J\0"}',
  row({ cmdline: Array.from({ length: 100_000 }, () => "a") }),
  row({ cmdline: "" }),
  row({ cmdline: " \t\n" }),
  row({ nobody: "knows", this: 1 }),
  "",
  row({ cmdline: "uname -a", session_id: "good" }),
];

/** Which line of the mixed file ends as which dead letter. */
export const mixedDeadLetters: Readonly<Record<string, readonly [code: string, field: string | undefined]>> = {
  "line:2": ["json_invalid", undefined],
  "line:3": ["record_too_large", undefined],
  "line:4": ["mapping_wrong_type", "cmdline"],
  "line:10": ["mapping_text_missing", "cmdline"],
  "line:11": ["mapping_text_missing", "cmdline"],
  "line:12": ["mapping_unknown_shape", undefined],
};

/** Lines of the mixed file that are events, bad as they look. */
export const mixedEvents = ["line:1", "line:5", "line:6", "line:7", "line:8", "line:9", "line:14"];

const arrayItems = [
  { cmdline: "hostname" },
  5,
  null,
  ["x"],
  { cmdline: "groups" },
  true,
  { cmdline: [{}] },
  { cmdline: "w" },
];

/** Writes the hostile files, each among good ones. Gives how many whole lines the cut gzip file still holds. */
export function writeHostileFiles(folder: string): { readonly linesBeforeCut: number } {
  mkdirSync(folder, { recursive: true });
  const whole = gzipSync(
    Array.from(
      { length: 400 },
      (_, index) => `${row({ cmdline: `cat /srv/${(index * 7919) % 1000}/x`, n: index })}\n`,
    ).join(""),
  );
  const cut = whole.subarray(0, Math.floor(whole.length / 2));
  const newline = Buffer.from("\n");
  const files: Readonly<Record<string, string | Buffer>> = {
    "a-good.ndjson": `${row({ cmdline: "pwd" })}\n`,
    "b-mixed.ndjson": Buffer.concat(mixedLines.flatMap((line) => [Buffer.from(line), newline])),
    "c-array.json": row(arrayItems),
    "d-array-broken.json": '[{"cmdline":"df -h"},\n{"cmdline":"ls" "x"},\n{"cmdline":"free -m"}]',
    "e-array-cut.json": '[{"cmdline":"uptime"},\n{"cmdli',
    "f-cut.ndjson.gz": cut,
    "g-no-gzip.gz": "not gzip at all\n",
    "h-empty.ndjson": "",
    "i-\x1b[31mname.ndjson": `${row({ cmdline: "last" })}\n{"broken\n`,
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const readable = gunzipSync(cut, { finishFlush: constants.Z_SYNC_FLUSH }).toString("utf8");
  return { linesBeforeCut: readable.split("\n").length - 1 };
}

function row(value: unknown): string {
  return JSON.stringify(value);
}
