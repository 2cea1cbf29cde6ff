import path from "node:path";
import { builtInReaders } from "../src/normalize/built-in-readers.ts";
import { createNormalizer, type Normalizer } from "../src/normalize/create-normalizer.ts";
import { loadMappings } from "../src/normalize/load-mappings.ts";
import type { Document } from "../src/sdk/document.ts";
import { parseExactJson } from "../src/sdk/parse-exact-json.ts";
import { mixedLines } from "./mixed-documents.ts";

/** What a run of the normalization bench measured. */
export interface NormalizeBench {
  readonly documents: number;
  readonly mappings: number;
  /** CPU time of the thread: what a core that does nothing else would take. */
  readonly cpuSeconds: number;
  /** Per CPU second. */
  readonly documentsPerSecond: number;
  readonly bytesPerDocument: number;
  readonly events: number;
  /** Memory of the process when a tenth, half and all of the documents were read. */
  readonly rssMiB: readonly number[];
}

const batchSize = 1000;

/**
 * Documents a second on one core, from JSON text to events, over a shuffled mix of the shapes of all mappings. The
 * documents are made batch by batch, outside of what is measured.
 */
export function benchNormalize(documents = 1_000_000): NormalizeBench {
  const mappings = loadMappings(path.resolve(import.meta.dirname, "../mappings"));
  const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "file" });
  const lines = mixedLines();
  const rssMiB: number[] = [];
  const marks = [0.1, 0.5, 1].map((share) => Math.floor((documents * share) / batchSize) * batchSize);
  let micros = 0;
  let bytes = 0;
  let events = 0;
  for (let from = 0; from < documents; from += batchSize) {
    const batch = Array.from({ length: batchSize }, () => lines.next().value);
    for (const line of batch) bytes += line.length;
    const start = process.threadCpuUsage();
    events += runBatch(normalizer, batch, from);
    const used = process.threadCpuUsage(start);
    micros += used.user + used.system;
    if (marks.includes(from + batchSize)) rssMiB.push(Math.round(process.memoryUsage().rss / 2 ** 20));
  }
  return {
    documents,
    mappings: mappings.length,
    cpuSeconds: micros / 1e6,
    documentsPerSecond: documents / (micros / 1e6),
    bytesPerDocument: bytes / documents,
    events,
    rssMiB,
  };
}

function runBatch(normalizer: Normalizer, lines: readonly string[], from: number): number {
  const records = lines.map((line, index) => ({
    kind: "document" as const,
    document: parseLine(line),
    container: "bench.ndjson",
    id: `line:${from + index + 1}`,
    sequence: from + index + 1,
  }));
  let events = 0;
  for (const result of normalizer.normalize(records)) if (result.kind === "event") events += 1;
  return events;
}

function parseLine(line: string): Document {
  return parseExactJson(line) as Document;
}

if (import.meta.main) {
  const result = benchNormalize();
  const rate = Math.round(result.documentsPerSecond).toLocaleString("en");
  console.log(
    `normalize: ${rate} documents a CPU second on one core, ${result.mappings} mappings, ${Math.round(result.bytesPerDocument)} bytes each, JSON included`,
  );
  console.log(JSON.stringify({ bench: "normalize", ...result }));
}
