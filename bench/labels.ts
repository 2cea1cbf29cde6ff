import { join } from "node:path";
import { loadVocabulary } from "../src/event/vocabulary.ts";
import type { Encoder } from "../src/label/encoder.ts";
import { createLabelCache } from "../src/label/label-cache.ts";
import { createLabeller, type Labeller } from "../src/label/labeller.ts";
import { type Artifact, loadArtifact } from "../src/label/load-artifact.ts";
import { createOnnxEncoder, type Tier } from "../src/label/onnx-encoder.ts";

/** One measurement of the labelling stage. */
export interface LabelBench {
  readonly bench: string;
  readonly texts: number;
  readonly seconds: number;
  readonly textsPerSecond: number;
  /** Less than the rate by the clock where several cores worked; more where other programs had them. */
  readonly textsPerCpuSecond: number;
  readonly meanChars: number;
  readonly meanTokens?: number;
  /** Padded tokens over tokens. */
  readonly padding?: number;
  /** Share of the texts that the second stage was asked about. */
  readonly unsure?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export interface LabelBenchSettings {
  /** Distinct texts to encode. */
  readonly texts?: number;
  /** Texts to look up in the cache. */
  readonly hits?: number;
  readonly workers?: number;
  readonly threads?: number;
  readonly maxBatchTokens?: number;
}

const BATCH = 1_024;
const HELD = 200_000;
const CACHE_BYTES = 512 * 1024 * 1024;
const SELECTION = { minScore: 0.55, maxTags: 4, multiLabelGap: 0.12 };
const open = new AbortController().signal;

/** Distinct texts through the model, one text at a time, cache hits, and hostile long texts, with the bundled model. */
export async function benchLabels(settings: LabelBenchSettings = {}): Promise<readonly LabelBench[]> {
  const artifact = await bundledArtifact();
  const { texts: count = 2_048, hits = 4_000_000, ...tuning } = settings;
  const encoder = await createOnnxEncoder({ artifact, topK: 5, ...tuning });
  try {
    await encoder.encode(distinctCommands(BATCH, 1), open);
    const texts = distinctCommands(count, 2);
    return [
      await benchDistinct(newLabeller(encoder, artifact), encoder, texts),
      await benchAlone(newLabeller(encoder, artifact), distinctCommands(300, 3)),
      await benchHits(encoder, artifact, texts.slice(0, BATCH), hits),
      await benchHostile(newLabeller(encoder, artifact)),
    ];
  } finally {
    await encoder.close();
  }
}

/** Distinct texts through one tier of the bundled model. */
export async function benchTier(texts: readonly string[], tier: Tier): Promise<LabelBench> {
  const artifact = await bundledArtifact();
  const encoder = await createOnnxEncoder({ artifact, topK: 5, tier });
  try {
    await encoder.encode(distinctCommands(BATCH, 1), open);
    return await benchDistinct(newLabeller(encoder, artifact), encoder, texts);
  } finally {
    await encoder.close();
  }
}

function bundledArtifact(): Promise<Artifact> {
  const root = join(import.meta.dirname, "..");
  return loadArtifact(join(root, "models/tagsmith-small"), loadVocabulary(join(root, "schema/tags.json")));
}

function newLabeller(encoder: Encoder, { tags }: Artifact): Labeller {
  return createLabeller({ encoder, cache: createLabelCache({ maxBytes: CACHE_BYTES }), tags, selection: SELECTION });
}

/** Batches in a row, two under way at a time, as a pipeline that reads ahead has them. */
async function benchDistinct(labeller: Labeller, encoder: Encoder, texts: readonly string[]): Promise<LabelBench> {
  const before = encoder.counters();
  const measured = await measure("label_distinct", texts, async () => {
    let previous: Promise<unknown> = Promise.resolve();
    for (let start = 0; start < texts.length; start += BATCH) {
      const current = labeller.label(texts.slice(start, start + BATCH), open);
      await previous;
      previous = current;
    }
    await previous;
  });
  const after = encoder.counters();
  const tokens = after.tokens - before.tokens;
  const padding = (after.paddedTokens - before.paddedTokens) / tokens;
  const unsure = (after.unsure - before.unsure) / texts.length;
  // Tokens are counted where the second stage was asked.
  return tokens === 0 ? { ...measured, unsure } : { ...measured, unsure, meanTokens: tokens / texts.length, padding };
}

async function benchAlone(labeller: Labeller, texts: readonly string[]): Promise<LabelBench> {
  const waits: number[] = [];
  const measured = await measure("label_one_at_a_time", texts, async () => {
    for (const text of texts) {
      const start = performance.now();
      await labeller.label([text], open);
      waits.push(performance.now() - start);
    }
  });
  waits.sort((a, b) => a - b);
  return {
    ...measured,
    p50Ms: waits[Math.floor(waits.length / 2)] ?? 0,
    p99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0,
  };
}

/**
 * Look-ups among `HELD` texts, in fresh string objects as they come from parsing, so that each must be hashed. The
 * labels are those of the bench's own texts, in turn: what a cache holds does not change the price of finding it.
 */
async function benchHits(
  encoder: Encoder,
  artifact: Artifact,
  texts: readonly string[],
  hits: number,
): Promise<LabelBench> {
  const cache = createLabelCache({ maxBytes: CACHE_BYTES });
  const labeller = createLabeller({ encoder, cache, tags: artifact.tags, selection: SELECTION });
  const labelled = await labeller.label(texts, open);
  const held = distinctCommands(HELD, 4);
  for (const [index, text] of held.entries()) cache.set(text, labelled[index % labelled.length] ?? raiseEmpty());
  const json = chunk(held).map((batch) => JSON.stringify(batch));
  const runs: LabelBench[] = [];
  for (let done = 0; done < hits; done += HELD) {
    const fresh = json.map((batch): string[] => JSON.parse(batch));
    const run = async () => {
      for (const batch of fresh) await labeller.label(batch, open);
    };
    runs.push(await measure("label_cache_hits", held, run));
  }
  const { hits: found, misses } = cache.counters();
  if (found < runs.length * HELD) throw new Error(`only ${found} hits, ${misses} misses`);
  return sum(runs);
}

function raiseEmpty(): never {
  throw new Error("no labels to hold");
}

function chunk(texts: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(texts.length / BATCH) }, (_, at) => texts.slice(at * BATCH, (at + 1) * BATCH));
}

function sum(runs: readonly LabelBench[]): LabelBench {
  const texts = runs.reduce((total, run) => total + run.texts, 0);
  const seconds = runs.reduce((total, run) => total + run.seconds, 0);
  const cpuSeconds = runs.reduce((total, run) => total + run.texts / run.textsPerCpuSecond, 0);
  const [first = raiseEmpty()] = runs;
  return { ...first, texts, seconds, textsPerSecond: texts / seconds, textsPerCpuSecond: texts / cpuSeconds };
}

/** Texts of 1 MB, each another: what costs most to trim, cut and tokenize. */
async function benchHostile(labeller: Labeller): Promise<LabelBench> {
  const fillers = ["A", "/", "a b", "0x", "\u4E2D", "\u{1F600}", "é", "\0", "'; "];
  const texts = Array.from({ length: 90 }, (_, index) => {
    const filler = fillers[index % fillers.length] ?? "A";
    return `cat ${index} ${filler.repeat(Math.floor(1_000_000 / filler.length))}`;
  });
  return measure("label_hostile_1mb", texts, async () => {
    for (const text of texts) await labeller.label([text], open);
  });
}

async function measure(bench: string, texts: readonly string[], run: () => Promise<void>): Promise<LabelBench> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run();
  const seconds = (performance.now() - start) / 1e3;
  const { user, system } = process.cpuUsage(cpu);
  return {
    bench,
    texts: texts.length,
    seconds,
    textsPerSecond: texts.length / seconds,
    textsPerCpuSecond: texts.length / ((user + system) / 1e6),
    meanChars: meanLength(texts),
  };
}

function meanLength(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
}

/** Commands that are all different, of the lengths that audit logs have (mean some 55 characters); seeded. */
function distinctCommands(count: number, seed: number): readonly string[] {
  let state = seed;
  const next = (bound: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const commands = new Set<string>();
  while (commands.size < count) {
    const parts = Array.from(
      { length: next(5) === 0 ? 2 : 1 },
      () => TEMPLATES[next(TEMPLATES.length)]?.(next) ?? "id",
    );
    commands.add(parts.join(next(2) === 0 ? " | " : " && "));
  }
  return [...commands];
}

type Next = (bound: number) => number;
const WORDS = ["app", "cache", "deploy", "report", "billing", "ingest", "backup", "worker", "audit", "session"];
const word = (next: Next) => WORDS[next(WORDS.length)] ?? "app";
const hex = (next: Next) => next(0xffffff).toString(16).padStart(6, "0");
const TEMPLATES: readonly ((next: Next) => string)[] = [
  (next) => `cat /etc/${word(next)}/${word(next)}.conf`,
  (next) => `ls -la /srv/${word(next)}/${hex(next)}`,
  (next) => `find /var/log/${word(next)} -name '*.${next(999)}.gz' -mtime +${next(90)} -delete`,
  (next) => `curl -fsSL https://${word(next)}.example.com/v${next(9)}/${hex(next)} -o /tmp/${word(next)}.sh`,
  (next) => `tar czf /backup/${word(next)}-${hex(next)}.tgz /srv/${word(next)}`,
  (next) => `systemctl restart ${word(next)}-${word(next)}@${next(64)}.service`,
  (next) => `bash -c 'exec ${5 + next(90)}<>/dev/tcp/203.0.113.${next(255)}/${1024 + next(9_000)}'`,
  (next) => `docker exec -it ${word(next)}-${hex(next)} sh -c 'env; id; ps aux'`,
  (next) => `psql -h db-${next(9)}.example.com -U ${word(next)} -c 'select count(*) from ${word(next)}_${next(999)}'`,
  (next) => `chmod ${next(8)}${next(8)}${next(8)} /opt/${word(next)}/bin/${word(next)}-${hex(next)}`,
  (next) => `grep -rn '${word(next)}_${hex(next)}' /home/user${next(99)}/${word(next)}`,
  (next) =>
    `k8s_audit verb=get apiGroup=core resource=pods namespace=${word(next)} name=${word(next)}-${hex(next)} user=user${next(99)}@example.com sourceIP=198.51.100.${next(255)} stage=ResponseComplete`,
];

if (import.meta.main) {
  const results = await benchLabels();
  const whole = (value: number) => Math.round(value).toLocaleString("en");
  const columns = results.map(
    ({ bench, texts, textsPerSecond, textsPerCpuSecond, meanChars, meanTokens, padding, p50Ms, p99Ms }) => ({
      bench,
      texts: whole(texts),
      "texts/s": whole(textsPerSecond),
      "texts/CPU-s": whole(textsPerCpuSecond),
      chars: whole(meanChars),
      tokens: meanTokens?.toFixed(1) ?? "",
      padding: padding?.toFixed(2) ?? "",
      "p50 ms": p50Ms?.toFixed(1) ?? "",
      "p99 ms": p99Ms?.toFixed(1) ?? "",
    }),
  );
  console.table(columns);
  for (const result of results) console.log(JSON.stringify(result));
}
