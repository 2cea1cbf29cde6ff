import path from "node:path";
import type { Label, LabelledEvent } from "../src/event/label.ts";
import type { Verdict } from "../src/event/verdict.ts";
import { loadVocabulary } from "../src/event/vocabulary.ts";
import { createFeatureSpace, type FeatureSpace } from "../src/session/feature-accumulator.ts";
import { parseSessionModel, type SessionModel } from "../src/session/load-session-model.ts";
import { createSessionScorer, type SessionScorer } from "../src/session/session-scorer.ts";
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
const eventCount = 1_000_000;
const startMs = Date.UTC(2026, 0, 1);

/**
 * Measures the session tracker with online scoring in one thread on synthetic labelled events, five labels each, about
 * 20,000 sessions of mixed length interleaved. Only `add` and `closeAll` are timed.
 */
export async function benchSessions(): Promise<BenchRow[]> {
  const scorer = benchScorer();
  measure("warm-up", { scorer }, 200_000);
  return [
    measure("changes", { scorer }, eventCount),
    measure("all", { scorer, emit: "all" }, eventCount),
    measure("changes, with records to store", { scorer, recordChanges: true }, eventCount),
    measure("changes, 1 in 20 late", { scorer }, eventCount, 0.05),
  ];
}

export function benchScorer(): SessionScorer {
  return createSessionScorer(createFeatureSpace(vocabulary), syntheticModel(), "bench");
}

export function measure(name: string, options: TrackerOptions, events: number, lateShare = 0): BenchRow {
  const tracker = createSessionTracker(options);
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
  for (const batch of syntheticBatches(events, lateShare)) timed(() => tracker.add(batch, startMs + 1e12));
  const retainedBytes = memory() - before;
  timed(() => tracker.closeAll());
  return {
    name,
    events,
    seconds,
    cpuSeconds,
    eventsPerSecond: Math.round(events / cpuSeconds),
    worstBatchMs: worst,
    verdicts,
    retainedBytes,
  };
}

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Batches of events in time order, except for a share that comes up to a minute late. */
export function* syntheticBatches(events: number, lateShare: number): Generator<LabelledEvent[]> {
  const random = mulberry(17);
  const lives = Array.from({ length: 1500 }, (_, i) => newLife(i, random));
  let nextSession = lives.length;
  let timeMs = startMs;
  for (let made = 0; made < events; made += batchSize) {
    const batch: LabelledEvent[] = [];
    while (batch.length < batchSize) {
      const slot = Math.floor(random() * lives.length);
      const life = lives[slot];
      if (life === undefined) continue;
      timeMs += 1;
      const late = random() < lateShare ? random() * 60_000 : 0;
      batch.push(syntheticEvent(life, made + batch.length, timeMs - late, random));
      life.left -= 1;
      if (life.left <= 0) lives[slot] = newLife(nextSession++, random);
    }
    yield asParsed(batch);
  }
}

/** As events come from a parser: every text a string of its own. */
function asParsed(batch: LabelledEvent[]): LabelledEvent[] {
  return JSON.parse(JSON.stringify(batch));
}

interface Life {
  readonly key: string;
  readonly tags: readonly number[];
  left: number;
}

/** Session lengths are log-normal, 50 on average, 1 to 2,000. Each session uses a few tags often. */
function newLife(number: number, random: () => number): Life {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const length = Math.min(2000, Math.max(1, Math.round(Math.exp(3.2 + 1.2 * normal))));
  const tags = Array.from({ length: 24 }, () => Math.floor(random() ** 1.5 * vocabulary.tags.length));
  return { key: `web-${number % 500}|session-${number}`, tags, left: length };
}

function syntheticEvent({ key, tags }: Life, number: number, timeMs: number, random: () => number): LabelledEvent {
  let score = 0.45 + 0.5 * random();
  const topLabels: Label[] = [];
  const first = Math.floor(random() ** 2 * 20);
  for (let i = 0; i < 5; i += 1) {
    const tag = vocabulary.tags[tags[(first + i * 5) % tags.length] ?? 0];
    if (tag !== undefined) topLabels.push({ label_id: tag.id, score, axis: tag.group });
    score -= 0.01 + 0.12 * random();
  }
  return {
    event: {
      id: `bench-000001/${number.toString(16).padStart(24, "0")}`,
      platform: "linux",
      text: "",
      timeMs,
      sessionKey: key,
      sessionKeyFrom: "bench",
      host: key.slice(0, key.indexOf("|")),
      user: "user",
      mapping: "bench@1",
      origin: { source: "bench", container: "bench", document: String(number), sequence: number },
    },
    topLabels,
    tags: [],
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
