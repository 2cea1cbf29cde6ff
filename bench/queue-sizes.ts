// Where a fleet is at its end: simulated jobs through pipelines, Redis and workers with measured unit costs (docs/scaling.md).
// node bench/queue-sizes.ts
import { createRandom } from "../samples/random.ts";

/** Measured with bench/queue.ts and bench/main.ts; seconds of one core. */
const cost = { pipelineEvent: 22e-6, pipelineText: 3e-6, redisText: 2.7e-6, workerText: 4.4e-6 };
const bytesText = 432;
const gpu = { batchTexts: 224, batchSecs: 0.04 };
const jobTexts = 256;
const runSecs = 20;

interface Fleet {
  readonly eventsPerSec: number;
  readonly newShare: number;
  readonly pipelines: number;
  readonly workers: number;
}

/** Servers that take jobs as they come, each one job at a time. */
function createStation(servers: number, secsOf: () => number) {
  const free = new Float64Array(servers);
  let busy = 0;
  return {
    /** When a job that comes at `at` is done. */
    pass(at: number): number {
      let first = 0;
      for (let n = 1; n < servers; n += 1) if ((free[n] ?? 0) < (free[first] ?? 0)) first = n;
      const secs = secsOf();
      const done = Math.max(at, free[first] ?? 0) + secs;
      free[first] = done;
      busy += secs;
      return done;
    },
    load: () => busy / (servers * runSecs),
  };
}

function simulate({ eventsPerSec, newShare, pipelines, workers }: Fleet, seed: number) {
  const random = createRandom(seed);
  const exponential = (mean: number): number => -mean * Math.log(1 - random.below(1e9) / 1e9);
  const textsPerSec = eventsPerSec * newShare;
  const perJob = jobTexts * (cost.pipelineText + cost.pipelineEvent / newShare);
  const pipeline = createStation(pipelines, () => perJob);
  const redis = createStation(1, () => jobTexts * cost.redisText);
  const batches = jobTexts / gpu.batchTexts;
  const worker = createStation(workers, () => Math.max(batches * gpu.batchSecs, jobTexts * cost.workerText));
  const waits: number[] = [];
  for (let at = exponential(jobTexts / textsPerSec); at < runSecs; at += exponential(jobTexts / textsPerSec)) {
    const sent = redis.pass(pipeline.pass(at));
    waits.push(worker.pass(sent) - at);
  }
  waits.sort((a, b) => a - b);
  const loads = { pipelines: pipeline.load(), redis: redis.load(), workers: worker.load() };
  const [limit = ""] = Object.entries(loads).sort(([, a], [, b]) => b - a)[0] ?? [];
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  return {
    "events/s": eventsPerSec,
    new: percent(newShare),
    pipelines: `${pipelines} at ${percent(loads.pipelines)}`,
    redis: percent(loads.redis),
    "MB/s": Math.round((textsPerSec * bytesText) / 1e6),
    workers: `${workers} at ${percent(loads.workers)}`,
    "p99 ms": Math.round(1_000 * (waits[Math.floor(0.99 * waits.length)] ?? 0)),
    "first at its end": limit,
  };
}

const fleets: readonly Fleet[] = [
  { eventsPerSec: 10_000, newShare: 0.05, pipelines: 1, workers: 1 },
  { eventsPerSec: 100_000, newShare: 0.05, pipelines: 3, workers: 2 },
  { eventsPerSec: 100_000, newShare: 0.2, pipelines: 3, workers: 6 },
  { eventsPerSec: 1_000_000, newShare: 0.05, pipelines: 28, workers: 13 },
  { eventsPerSec: 1_000_000, newShare: 0.2, pipelines: 28, workers: 52 },
  { eventsPerSec: 1_000_000, newShare: 0.35, pipelines: 30, workers: 100 },
];
console.table(fleets.map((fleet, seed) => simulate(fleet, seed + 1)));
