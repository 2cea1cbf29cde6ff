import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { builtInReaders } from "../normalize/built-in-readers.ts";
import { normalizeSample } from "../normalize/check-samples.ts";
import { mappingsOf, parseMapping } from "../normalize/load-mappings.ts";
import type { Result } from "../normalize/result.ts";
import { scaffoldMapping } from "../normalize/scaffold-mapping.ts";
import type { Document } from "../sdk/document.ts";
import { jsonText } from "../sdk/json-text.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { exitCodes } from "./exit-code.ts";
import { type MappingOptions, openMappings } from "./open-mappings.ts";
import { readDocuments } from "./read-records.ts";
import { printable, type Terminal } from "./terminal.ts";

interface NewOptions extends MappingOptions {
  readonly from: string;
  readonly output: string;
}

const maxDocuments = 200;
const maxSamples = 3;

/** `tagsmith mappings new NAME --from SAMPLE`: a mapping and its samples, made of what the documents look like. */
export async function newMappingCommand(
  name: string,
  options: NewOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw invalid(`"${name}" is no name: small letters, digits and - only`);
  const documents = await firstDocuments(options.from, registry);
  if (documents.length === 0) throw invalid(`${options.from} holds no document`);
  const file = join(options.output, `${name}.yaml`);
  const samples = join(options.output, `${name}.samples.yaml`);
  for (const path of [file, samples]) if (existsSync(path)) throw invalid(`${path} is already there`);
  const text = scaffoldMapping(name, documents);
  const mapping = parseMapping(text, file);
  const mappings = [...mappingsOf(openMappings(options)).filter((one) => one.name !== name), mapping];
  const shown = documents.slice(0, maxSamples);
  const results = shown.map((document) => normalizeSample([document], "sample", { mappings, readers: builtInReaders }));
  write(file, text);
  write(samples, samplesText(shown, results));
  const lines = results.flat().map((result) => `  ${printable(outcomeOf(result), 200)}\n`);
  terminal.out.write(`${file}: read it and correct it\n${samples}: what it gives now\n${lines.join("")}`);
  terminal.out.write(`Then: tagsmith mappings test ${file}\n`);
  return exitCodes.ok;
}

async function firstDocuments(path: string, registry: ConnectorRegistry): Promise<Document[]> {
  const documents: Document[] = [];
  for await (const document of readDocuments(path, registry, () => undefined)) {
    // What is nested too deep to be shown is no sample to learn from.
    if (!jsonText(document).startsWith('"')) documents.push(document);
    if (documents.length >= maxDocuments) break;
  }
  return documents;
}

function samplesText(documents: readonly Document[], results: readonly (readonly Result[])[]): string {
  const matches = documents.map((document, index) => {
    return { documents: [document], results: (results[index] ?? []).map(expectationOf) };
  });
  const nearMiss = { message: "a line of some other program" };
  const head =
    "# Documents with what they must give, and near misses: documents the mapping must leave alone.\n" +
    "# Correct the results to what is right; they were written by the mapping as it was made.\n";
  return head + stringify({ matches, near_misses: [nearMiss] }, { lineWidth: 120 });
}

function expectationOf(result: Result): Record<string, unknown> {
  if (result.kind !== "event") return { [result.kind]: result.code };
  const { mapping, text, platform, sessionKey, sessionKeyFrom, timeMs, host, user } = result.event;
  return { mapping, text, platform, sessionKey, sessionKeyFrom, timeMs, host, user };
}

function outcomeOf(result: Result): string {
  if (result.kind !== "event") return `${result.kind} ${result.code}: ${result.reason}`;
  const { mapping, text, sessionKey, time } = result.event;
  return `${mapping}  ${time ?? "no time"}  session ${sessionKey}  ${text}`;
}

function write(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: "wx" });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TagsmithError("output_unwritable", `${path}: cannot be written: ${reason}`, "exit", cause);
  }
}

function invalid(message: string): TagsmithError {
  return new TagsmithError("option_invalid", `mappings new: ${message}.`, "exit");
}
