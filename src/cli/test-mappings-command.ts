import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { builtInReaders } from "../normalize/built-in-readers.ts";
import { checkSamples, type SampleDifference, type Samples, samplesSchema } from "../normalize/check-samples.ts";
import { mappingsOf, readMappingFile } from "../normalize/load-mappings.ts";
import { exitCodes } from "./exit-code.ts";
import { type MappingOptions, openMappings } from "./open-mappings.ts";
import { printable, type Terminal } from "./terminal.ts";

interface TestOptions extends MappingOptions {
  readonly samples?: string;
  readonly json: boolean;
}

interface Tested {
  readonly mapping: string;
  readonly samples: string;
  readonly documents: number;
  readonly differences: readonly SampleDifference[];
}

/**
 * `tagsmith mappings test FILE…`: runs each mapping's samples among all other mappings and shows what differs; exit code
 * 2 when anything does.
 */
export function testMappingsCommand(files: readonly string[], options: TestOptions, terminal: Terminal): number {
  const mappings = mappingsOf(openMappings({ ...options, extra: [...(options.extra ?? []), ...files] }));
  const tested = files.map((file): Tested => {
    const mapping = readMappingFile(file);
    const path = options.samples ?? file.replace(/\.ya?ml$/, ".samples.yaml");
    const samples = readSamples(path);
    const setting = { mappings, readers: builtInReaders };
    const documents = samples.matches.reduce((sum, match) => sum + match.documents.length, samples.near_misses.length);
    return { mapping: mapping.name, samples: path, documents, differences: checkSamples(mapping, samples, setting) };
  });
  if (options.json) terminal.out.write(`${JSON.stringify(tested)}\n`);
  else terminal.out.write(tested.map(asText).join(""));
  return tested.every(({ differences }) => differences.length === 0) ? exitCodes.ok : exitCodes.usage;
}

function readSamples(path: string): Samples {
  if (!existsSync(path)) {
    const message = `${path}: there are no samples; make them with "tagsmith mappings new", or name them with --samples.`;
    throw new TagsmithError("mapping_samples_invalid", message, "exit");
  }
  try {
    return samplesSchema.parse(parse(readFileSync(path, "utf8"), { maxAliasCount: 100 }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TagsmithError("mapping_samples_invalid", `${path}: ${reason}`, "exit", cause);
  }
}

function asText({ mapping, documents, differences }: Tested): string {
  const head = `${differences.length === 0 ? "ok  " : "FAIL"}  ${mapping}: ${documents} documents\n`;
  return head + differences.map(differenceText).join("");
}

function differenceText({ at, expected, actual }: SampleDifference): string {
  return `      ${at}\n        - ${shown(expected)}\n        + ${shown(actual)}\n`;
}

function shown(value: unknown): string {
  return value === undefined ? "(nothing)" : printable(JSON.stringify(value), 600);
}
