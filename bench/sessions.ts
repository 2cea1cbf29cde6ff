import path from "node:path";
import type { Label, LabelledEvent } from "../src/event/label.ts";
import type { Verdict } from "../src/event/verdict.ts";
import { loadVocabulary } from "../src/event/vocabulary.ts";
import { EventStore } from "../src/session/event-store.ts";
import { createFeatureSpace, type FeatureSpace } from "../src/session/feature-accumulator.ts";
import { parseSessionModel, type SessionModel } from "../src/session/load-session-model.ts";
import { createSessionScorer } from "../src/session/session-scorer.ts";
import { createSessionTracker, type TrackerOptions } from "../src/session/session-tracker.ts";

/** One measurement. */
export interface BenchRow {
  readonly name: string;
  readonly events: number;
  /** By the clock; other processes count. */
  readonly seconds: number;
  /** Time of this thread on a core: what `eventsPerSecond` goes by, so that a busy machine does not blur it. */
  readonly cpuSeconds: number;
  readonly eventsPerSecond: number;
  /** Longest time of one batch. */
  readonly worstBatchMs: number;
  readonly verdicts: number;
  readonly retainedBytes: number;
}

const vocabulary = loadVocabulary(path.resolve(import.meta.dirname, "../schema/tags.json"));
const batchSize = 1000;
const startMs = Date.UTC(2026, 0, 1);

const mixed: Traffic = { events: 1_000_000, running: 1500, burst: 6, lateShare: 0 };

/**
 * Measures the session tracker with online scoring in one thread on synthetic labelled events, five labels each, about
 * 20,000 sessions of mixed length, 1,500 at a time. Only the tracker's own calls are timed.
 */
export async function benchSessions(): Promise<BenchRow[]> {
  measure("warm-up", {}, { ...mixed, events: 200_000 });
  measureScoring(200_000);
  return [
    measureScoring(mixed.events),
    measure("in bursts of 1 to 6", {}, mixed),
    measure("every event of another session", {}, { ...mixed, burst: 1 }),
    measure("all online verdicts", { emit: "all" }, mixed),
    measure("with what is to be stored", { recordChanges: true }, mixed),
    measure("1 event in 20 late", {}, { ...mixed, lateShare: 0.05 }),
  ];
}

function measure(name: string, options: Partial<TrackerOptions>, traffic: Traffic): BenchRow {
  const space = createFeatureSpace(vocabulary);
  const tracker = createSessionTracker({ scorer: createSessionScorer(space, syntheticModel(), "bench"), ...options });
  const before = memory();
  let [seconds, cpuSeconds, worst, verdicts] = [0, 0, 0, 0];
  const timed = (work: () => Verdict[]): void => {
    const cpuStart = process.threadCpuUsage();
    const start = performance.now();
    verdicts += work().length;
    if (options.recordChanges === true) tracker.takeChanges();
    const elapsed = performance.now() - start;
    const cpu = process.threadCpuUsage(cpuStart);
    seconds += elapsed / 1000;
    cpuSeconds += (cpu.user + cpu.system) / 1e6;
    worst = Math.max(worst, elapsed);
  };
  for (const batch of syntheticBatches(traffic)) timed(() => tracker.add(batch, startMs + 1e12));
  const retainedBytes = memory() - before;
  timed(() => tracker.closeAll());
  return {
    name,
    events: traffic.events,
    seconds,
    cpuSeconds,
    eventsPerSecond: Math.round(traffic.events / cpuSeconds),
    worstBatchMs: worst,
    verdicts,
    retainedBytes,
  };
}

/** Labels to features and online scores alone, sessions of 50 events one after the other: no times, keys, ids or late events. */
function measureScoring(events: number): BenchRow {
  const space = createFeatureSpace(vocabulary);
  const scorer = createSessionScorer(space, syntheticModel(), "bench");
  const random = mulberry(23);
  const sessions = Array.from({ length: events / 50 }, () => Array.from({ length: 50 }, () => pick(texts, random)));
  const ids = Array.from({ length: 50 }, (_, i) => String(i));
  const before = memory();
  const cpuStart = process.threadCpuUsage();
  const start = performance.now();
  let verdicts = 0;
  for (const session of sessions) {
    const store = new EventStore(space.profiles);
    const features = scorer.start();
    session.forEach((topLabels, i) => {
      const event = { id: ids[i] ?? "", sessionKey: "", platform: "linux", origin: { sequence: i } } as const;
      features.add(store, store.add({ event, topLabels }, 0, 0, 0));
      if (i >= 7 && (i - 7) % 4 === 0 && scorer.judge(features) === "intrusion") verdicts += 1;
    });
  }
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.threadCpuUsage(cpuStart);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const retainedBytes = memory() - before;
  const eventsPerSecond = Math.round(events / cpuSeconds);
  return {
    name: "labels to scores",
    events,
    seconds,
    cpuSeconds,
    eventsPerSecond,
    worstBatchMs: 0,
    verdicts,
    retainedBytes,
  };
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface Traffic {
  readonly events: number;
  /** Sessions running at a time. */
  readonly running: number;
  /** Most events of one session in a row. */
  readonly burst: number;
  /** Share of events that come up to a minute late. */
  readonly lateShare: number;
}

/** Batches of labelled events in time order, but for the late ones. The same in every run. */
function* syntheticBatches({ events, running, burst, lateShare }: Traffic): Generator<LabelledEvent[]> {
  const random = mulberry(17);
  const lives = Array.from({ length: running }, (_, i) => newLife(i, random));
  let sessions = running;
  let timeMs = startMs;
  let batch: LabelledEvent[] = [];
  for (let made = 0; made < events; ) {
    const slot = Math.floor(random() * running);
    const life = lives[slot];
    if (life === undefined) continue;
    const length = Math.min(life.left, 1 + Math.floor(random() * burst));
    for (let i = 0; i < length; i += 1, made += 1) {
      timeMs += 1;
      const late = random() < lateShare ? random() * 60_000 : 0;
      batch.push({
        event: syntheticEvent(life.key, made, timeMs - late),
        topLabels: pick(life.labels, random),
        tags: [],
      });
    }
    life.left -= length;
    if (life.left <= 0) lives[slot] = newLife(sessions++, random);
    if (batch.length < batchSize) continue;
    yield asParsed(batch);
    batch = [];
  }
  yield asParsed(batch);
}

/** As events come from a parser, every text a string of its own; labels come from the labeller's cache and stay. */
function asParsed(batch: LabelledEvent[]): LabelledEvent[] {
  const events: LabelledEvent["event"][] = JSON.parse(JSON.stringify(batch.map(({ event }) => event)));
  return events.flatMap((event, i) => ({ event, topLabels: batch[i]?.topLabels ?? [], tags: [] }));
}

interface Life {
  readonly key: string;
  /** Labels of the texts that this session has, each again and again. */
  readonly labels: readonly (readonly Label[])[];
  left: number;
}

/** Session lengths are log-normal, 50 on average, 1 to 2,000. */
function newLife(number: number, random: () => number): Life {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const length = Math.min(2000, Math.max(1, Math.round(Math.exp(3.2 + 1.2 * normal))));
  const labels = Array.from({ length: 12 }, () => pick(texts, random));
  return { key: `web-${number % 500}|session-${number}`, labels, left: length };
}

function pick<T>(from: readonly T[], random: () => number): T {
  const found = from[Math.floor(random() ** 1.5 * from.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}

/** Labels of 5,000 texts. */
const texts = syntheticTexts();

function syntheticTexts(): Label[][] {
  const random = mulberry(3);
  return Array.from({ length: 5000 }, () => {
    let score = 0.45 + 0.5 * random();
    return Array.from({ length: 5 }, () => {
      const { id, group } = pick(vocabulary.tags, random);
      score -= 0.01 + 0.12 * random();
      return { label_id: id, score, axis: group };
    });
  });
}

function syntheticEvent(sessionKey: string, number: number, timeMs: number): LabelledEvent["event"] {
  return {
    id: `bench-000001/${number.toString(16).padStart(24, "0")}`,
    platform: "linux",
    text: "",
    timeMs,
    sessionKey,
    sessionKeyFrom: "bench",
    host: sessionKey.slice(0, sessionKey.indexOf("|")),
    user: "user",
    mapping: "bench@1",
    origin: { source: "bench", container: "bench", document: String(number), sequence: number },
  };
}

/** A model with a weight for every feature that can occur, so that nothing is skipped for being unknown. */
function syntheticModel(): SessionModel {
  const random = mulberry(5);
  const names = allFeatureNames(createFeatureSpace(vocabulary));
  return parseSessionModel(
    {
      schema: "agentsmith_rev20_l2_ml_v1",
      feature_schema: "agentsmith_rev20_l2_features_v1",
      risk_policy_id: vocabulary.risk_policy,
      threshold: 0.5,
      model_threshold: 0.42,
      score_threshold: 0.5,
      score_transform: "threshold_margin",
      score_transform_scale: 1.3,
      feature_names: names,
      scale: names.map(() => 0.2 + random()),
      coef: names.map(() => (random() - 0.5) * 0.2),
      intercept: 0,
    },
    "bench model",
  );
}

function allFeatureNames({ profiles }: FeatureSpace): string[] {
  const pairs = (feature: string, names: readonly string[]) =>
    names.flatMap((a) => names.map((b) => `${feature}::${a}->${b}`));
  const each = (features: readonly string[], names: readonly string[]) =>
    names.flatMap((name) => features.map((feature) => `${feature}::${name}`));
  return [
    ...["events", "log_events", "tagged_event_ratio", "event_intensity_mean", "top1_score_mean"],
    ...each(["family_count_log", "family_ratio", "family_points"], profiles.families),
    ...each(["marker_count_log", "marker_ratio"], profiles.markers),
    ...pairs("family_transition", profiles.families),
    ...pairs("marker_transition", profiles.markers),
    ...each(["tag_count_log", "tag_ratio", "tag_score_mean", "tag_score_max"], profiles.ids),
  ];
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

if (import.meta.main) {
  const rows = await benchSessions();
  console.table(
    rows.map((row) => ({
      case: row.name,
      "events per core second": row.eventsPerSecond.toLocaleString("en"),
      "wall seconds": row.seconds.toFixed(2),
      "worst batch ms": row.worstBatchMs.toFixed(1),
      verdicts: row.verdicts,
      "retained MB": Math.round(row.retainedBytes / 1e6),
    })),
  );
  console.log(JSON.stringify({ bench: "sessions", rows }));
}
