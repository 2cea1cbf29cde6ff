import { builtInReaders } from "../normalize/built-in-readers.ts";
import { createNormalizer } from "../normalize/create-normalizer.ts";
import { mappingsOf } from "../normalize/load-mappings.ts";
import type { Result } from "../normalize/result.ts";
import { jsonText } from "../sdk/json-text.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { exitCodes } from "./exit-code.ts";
import { type MappingOptions, openMappings } from "./open-mappings.ts";
import { type Output, withOutput } from "./open-output.ts";
import { readRecords } from "./read-records.ts";
import { formatTable, printable, type Terminal } from "./terminal.ts";

interface NormalizeOptions extends MappingOptions {
  readonly input: string;
  readonly output?: string;
  readonly json: boolean;
  readonly explain: boolean;
}

/** `tagsmith normalize`: one result a document, as event, skip or reject, and which mapping took it. */
export async function normalizeCommand(
  options: NormalizeOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const mappings = mappingsOf(openMappings(options));
  const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "file", explain: options.explain });
  const totals = new Map<string, number>();
  const write = async (output: Output, results: readonly Result[]): Promise<void> => {
    for (const result of results) {
      const name = result.kind === "event" ? `event by ${result.event.mapping}` : `${result.kind}: ${result.code}`;
      totals.set(name, (totals.get(name) ?? 0) + 1);
    }
    const lines = results.map((result) => (options.json || options.output ? jsonText(result) : resultLine(result)));
    if (lines.length > 0) await output.write(`${lines.join("\n")}\n`);
  };
  await withOutput(options.output, terminal, async (output) => {
    for await (const records of readRecords(options.input, registry))
      await write(output, normalizer.normalize(records));
    await write(output, normalizer.flush());
  });
  if (!options.json) terminal.err.write(`\n${formatTable([...totals].sort((a, b) => b[1] - a[1]))}`);
  return exitCodes.ok;
}

function resultLine(result: Result): string {
  const explained = result.explanation === undefined ? "" : explanationText(result.explanation);
  return headLine(result) + explained;
}

/** Indented lines: each mapping tried and why it did not take the document, where text and session come from. */
function explanationText(explanation: NonNullable<Result["explanation"]>, indent = "    "): string {
  const { tried, refused, text, session, noSession, inner = [] } = explanation;
  const ruledOut = tried.filter(({ outcome }) => outcome === "ruled out");
  const lines = tried.filter((trial) => !ruledOut.includes(trial)).map(trialLine);
  if (ruledOut.length > 0) lines.unshift(`${ruledOut.length} mappings need top-level fields that are not there`);
  if (refused !== undefined) lines.push(`because ${refused}`);
  if (text !== undefined) lines.push(`text from ${text}`);
  if (session !== undefined) lines.push(`session from ${session}`);
  if (noSession !== undefined) lines.push(`no session key of its own: none of ${noSession.join(", ")}`);
  const own = lines.map((line) => `\n${indent}${printable(line, 400)}`).join("");
  return own + inner.map((one) => explanationText(one, `${indent}    `)).join("");
}

function trialLine({ mapping, outcome, why }: NonNullable<Result["explanation"]>["tried"][number]): string {
  if (why === undefined) return `${mapping}: ${outcome}`;
  return `${mapping}: ${outcome}: ${outcome === "declined" ? "" : "needs "}${why}`;
}

function headLine(result: Result): string {
  const [first] = result.records;
  const place = `${first?.container ?? ""} ${first?.id ?? ""}`;
  if (result.kind !== "event") return printable(`${place}  ${result.kind} ${result.code}: ${result.reason}`, 400);
  const { event } = result;
  const facts = `session=${event.sessionKey} (${event.sessionKeyFrom})`;
  return printable(`${place}  event ${event.mapping}  ${facts}  ${event.text}`, 400);
}
