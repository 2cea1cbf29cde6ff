import { loadConfig } from "../config/load-config.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { builtInReaders } from "../normalize/built-in-readers.ts";
import { type CoverageRow, createCoverageCounter } from "../normalize/count-coverage.ts";
import { createNormalizer } from "../normalize/create-normalizer.ts";
import { mappingsOf } from "../normalize/load-mappings.ts";
import type { Result } from "../normalize/result.ts";
import type { SourceRecord } from "../sdk/document.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { exitCodes } from "./exit-code.ts";
import { type MappingOptions, openMappings } from "./open-mappings.ts";
import { readRecords } from "./read-records.ts";
import { sampleSource } from "./sample-source.ts";
import { formatTable, printable, printableJson, type Terminal } from "./terminal.ts";

interface CoverageOptions extends MappingOptions {
  /** Absent: the source of the configuration is sampled. */
  readonly input?: readonly string[];
  /** Documents of a source at most. */
  readonly sample: string;
  readonly json: boolean;
}

/** `tagsmith mappings coverage`: which mapping took how many documents, what was skipped and why, what is unknown. */
export async function mappingCoverageCommand(
  options: CoverageOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const mappings = mappingsOf(openMappings(options));
  const counter = createCoverageCounter();
  let documents = 0;
  for (const batches of samplesOf(options, registry, terminal)) {
    const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "file" });
    const count = (results: readonly Result[], records: readonly SourceRecord[]): void => {
      const byPlace = new Map(records.map((record) => [placeOf(record), record]));
      for (const result of results) counter.add(result, byPlace.get(placeOf(result.records[0])));
    };
    for await (const records of batches) {
      documents += records.length;
      count(normalizer.normalize(records), records);
    }
    count(normalizer.flush(), []);
  }
  const rows = counter.rows();
  if (options.json) terminal.out.write(printableJson(`${JSON.stringify({ documents, rows })}\n`));
  else terminal.out.write(coverageText(documents, rows));
  return exitCodes.ok;
}

function samplesOf(
  { input, config, sample }: CoverageOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): AsyncIterable<readonly SourceRecord[]>[] {
  if (input !== undefined) return input.map((path) => readRecords(path, registry));
  if (config === undefined) {
    throw new TagsmithError(
      "option_invalid",
      "mappings coverage: name files by --input or a source by --config.",
      "exit",
    );
  }
  if (!/^[1-9]\d{0,8}$/.test(sample)) {
    throw new TagsmithError(
      "option_invalid",
      `mappings coverage: --sample: "${sample}" is no number of documents.`,
      "exit",
    );
  }
  return [sampleSource(loadConfig(config), Number(sample), registry, terminal)];
}

function placeOf(record: { readonly container: string; readonly id: string } | undefined): string {
  return `${record?.container}\0${record?.id}`;
}

function coverageText(documents: number, rows: readonly CoverageRow[]): string {
  const total = rows.reduce((sum, row) => sum + row.count, 0);
  const joined = total < documents ? "; several audit records or request stages make one result" : "";
  const parts = [`${documents.toLocaleString("en-US")} documents, ${total.toLocaleString("en-US")} results${joined}\n`];
  const sections: readonly (readonly [string, CoverageRow["outcome"]])[] = [
    ["Read as events", "event"],
    ["Skipped", "skipped"],
    ["Rejected", "rejected"],
    ["Unknown to every mapping", "unknown"],
  ];
  for (const [title, outcome] of sections) {
    const own = rows.filter((row) => row.outcome === outcome);
    if (own.length > 0) parts.push(`${title}\n${own.map((row) => rowText(row, total)).join("")}`);
  }
  return parts.join("\n");
}

function rowText(row: CoverageRow, total: number): string {
  const share = `${((100 * row.count) / total).toFixed(1)} %`;
  const why = row.outcome === "unknown" ? `fields: ${row.keys}` : (row.reason ?? "");
  const table = formatTable([[`  ${row.count.toLocaleString("en-US").padStart(9)}`, share.padStart(7), nameOf(row)]]);
  const details = [why, gapsOf(row), exampleOf(row)].filter((line) => line !== "");
  return table + details.map((line) => `${" ".repeat(22)}${printable(line, 300)}\n`).join("");
}

function nameOf({ outcome, mapping, code }: CoverageRow): string {
  if (outcome === "event") return mapping ?? "";
  return mapping === undefined ? (code ?? "") : `${code} (${mapping})`;
}

function gapsOf({ withoutSession, withoutTime, incomplete }: CoverageRow): string {
  const gaps = [
    [withoutSession, "without a session key of their own"],
    [withoutTime, "without a time"],
    [incomplete, "incomplete"],
  ] as const;
  return gaps
    .flatMap(([count, what]) => (count === undefined ? [] : [`${count.toLocaleString("en-US")} ${what}`]))
    .join(", ");
}

function exampleOf({ example }: CoverageRow): string {
  return `e.g. ${example.container} ${example.id}: ${example.text ?? example.document ?? ""}`;
}
