// Prints one line of JSON a session: its expected verdict, its features, and those of its excerpts: runs of 1, 2 and 4 of its
// events. Excerpts of a normal session are normal; those of an intrusion are given only where they show an explicit attack.
// `pairs`: the session with one more event, an explicit attack in one copy and an ordinary event in the other.
// Run by training/train_sessions.py: node --conditions=source training/session-features.ts ROWS.jsonl
// A row is a command of a session, in order. With `top`, [[tag, score], …], these are its labels; else the bundled model's are.
import { readFileSync } from "node:fs";
import { z } from "zod";
import { openLabeller } from "../src/cli/open-labeller.ts";
import type { Label } from "../src/event/label.ts";
import { readInputRow } from "../src/label/input-row.ts";
import { createFeatureSpace } from "../src/session/feature-accumulator.ts";
import { createFeatureLister } from "../src/session/list-features.ts";
import { accumulateSession } from "../src/session/score-session.ts";
import { tagFlags } from "../src/session/tag-profiles.ts";

const ORDINARY = "inspect_system_state";
const eventOf = (tag: string): Label => ({ label_id: tag, score: 0.95, axis: "" });

const rowSchema = z.looseObject({
  session_id: z.string(),
  expected: z.string(),
  top: z.array(z.tuple([z.string(), z.number()])).optional(),
});

const rows = readFileSync(process.argv[2] ?? "", "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => rowSchema.parse(JSON.parse(line)));
const opened = await openLabeller({ topK: 5, cacheMaxBytes: 2 ** 27 });
const unlabelled = rows.filter((row) => row.top === undefined);
const texts = unlabelled.map((row) => readInputRow(row).text);
const labelled = await opened.labeller.label(texts, new AbortController().signal);
const labelsOf = new Map<unknown, readonly Label[]>(
  unlabelled.map((row, index) => [row, labelled[index]?.labels ?? []]),
);
const sessions = new Map<string, { expected: string; events: (readonly Label[])[] }>();
for (const row of rows) {
  const session = sessions.get(row.session_id) ?? { expected: row.expected, events: [] };
  sessions.set(row.session_id, session);
  session.events.push(row.top?.map(([label_id, score]) => ({ label_id, score, axis: "" })) ?? labelsOf.get(row) ?? []);
}
const space = createFeatureSpace(opened.vocabulary);
const list = createFeatureLister(space);
const featuresOf = (events: readonly (readonly Label[])[]) =>
  Object.fromEntries(list(accumulateSession(space, events)));
const { ids, flags, known } = space.profiles;
const attacks = ids.slice(0, known).filter((_, at) => ((flags[at] ?? 0) & tagFlags.explicitAttack) !== 0);
let turn = 0;
for (const [sessionId, { expected, events }] of sessions) {
  const runs = [1, 2, 4].flatMap((length) => excerpts(events, length)).map(featuresOf);
  const clear = runs.filter((run) => expected === "normal_operation" || (run["explicit_attack_ratio"] ?? 0) > 0);
  const features = featuresOf(events);
  const pairs = [0, 1, 2].map(() => {
    turn += 1;
    const attack = attacks[turn % attacks.length] ?? "";
    return {
      attack: featuresOf([...events, [eventOf(attack)]]),
      ordinary: featuresOf([...events, [eventOf(ORDINARY)]]),
    };
  });
  process.stdout.write(`${JSON.stringify({ session_id: sessionId, expected, features, excerpts: clear, pairs })}\n`);
}
await opened.close();

function excerpts<T>(events: readonly T[], length: number): T[][] {
  const starts = Array.from({ length: Math.floor(events.length / length) }, (_, index) => index * length);
  return starts.map((start) => events.slice(start, start + length));
}
