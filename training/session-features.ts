// Prints one line of JSON a session: its expected verdict and its features, from the bundled model's labels.
// Run by training/train_sessions.py: node --conditions=source training/session-features.ts SESSIONS.jsonl
import { readFileSync } from "node:fs";
import { openLabeller } from "../src/cli/open-labeller.ts";
import type { Label } from "../src/event/label.ts";
import { readInputRow } from "../src/label/input-row.ts";
import { createFeatureSpace } from "../src/session/feature-accumulator.ts";
import { createFeatureLister } from "../src/session/list-features.ts";
import { accumulateSession } from "../src/session/score-session.ts";

const lines = readFileSync(process.argv[2] ?? "", "utf8")
  .split("\n")
  .filter((line) => line !== "");
const rows = lines.map((line) => readInputRow(JSON.parse(line)));
const opened = await openLabeller({ topK: 5, cacheMaxBytes: 2 ** 27 });
const texts = rows.map((row) => row.text);
const labelled = await opened.labeller.label(texts, new AbortController().signal);
const sessions = new Map<string, { expected: unknown; events: (readonly Label[])[] }>();
rows.forEach(({ carried }, index) => {
  const key = String(carried["session_id"]);
  const session = sessions.get(key) ?? { expected: carried["expected"], events: [] };
  sessions.set(key, session);
  session.events.push(labelled[index]?.labels ?? []);
});
const space = createFeatureSpace(opened.vocabulary);
const list = createFeatureLister(space);
for (const [sessionId, { expected, events }] of sessions) {
  const features = Object.fromEntries(list(accumulateSession(space, events)));
  process.stdout.write(`${JSON.stringify({ session_id: sessionId, expected, features })}\n`);
}
await opened.close();
