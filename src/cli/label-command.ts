import type { LabelledEvent } from "../event/label.ts";
import { type InputRow, readInputRow } from "../label/input-row.ts";
import type { Labelled } from "../label/labelled.ts";
import type { Tier } from "../label/onnx-encoder.ts";
import { formatPrediction } from "../label/prediction-row.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { exitCodes } from "./exit-code.ts";
import { type OpenLabeller, openLabeller } from "./open-labeller.ts";
import { type Output, withOutput } from "./open-output.ts";
import { createProgress } from "./progress.ts";
import { readRecords } from "./read-records.ts";
import { formatTable, oneLine, printable, printableJson, type Terminal } from "./terminal.ts";

interface LabelOptions {
  readonly input?: string;
  readonly output?: string;
  readonly model?: string;
  readonly topK: number;
  readonly tier: Tier;
  readonly json: boolean;
}

const cacheMaxBytes = 256 * 1024 * 1024;
const never = new AbortController().signal;

/** `tagsmith label`: texts at the prompt, or the rows of a file as prediction rows. */
export async function labelCommand(
  texts: readonly string[],
  options: LabelOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const opened = await openLabeller({
    modelPath: options.model,
    topK: options.topK,
    tier: options.tier,
    cacheMaxBytes,
  });
  try {
    if (options.input !== undefined) return await labelFile(options.input, options, opened, registry, terminal);
    const rows = texts.map((text) => readInputRow({ cmdline: text }));
    const labelled = await opened.labeller.label(
      rows.map((row) => row.text),
      never,
    );
    if (options.json)
      terminal.out.write(printableJson(rows.map((row, index) => `${predictionLine(row, index, labelled)}\n`).join("")));
    else terminal.out.write(rows.map((row, index) => explainText(row, labelled[index], opened)).join("\n"));
    return exitCodes.ok;
  } finally {
    await opened.close();
  }
}

function predictionLine(row: InputRow, index: number, labelled: readonly Labelled[], offset = 0): string {
  return formatPrediction(row, offset + index, labelled[index]?.labels ?? []);
}

function explainText(row: InputRow, labelled: Labelled | undefined, opened: OpenLabeller): string {
  const definitions = new Map(opened.vocabulary.tags.map((tag) => [tag.id, tag.definition]));
  const tags: LabelledEvent["tags"] = labelled?.tags ?? [];
  const table = formatTable(
    (labelled?.labels ?? []).map(({ label_id, score, axis }) => [
      tags.includes(label_id) ? "  *" : "   ",
      score.toFixed(3),
      label_id,
      axis,
    ]),
  );
  const best = tags[0] === undefined ? "No label is above the selection rule." : (definitions.get(tags[0]) ?? "");
  return `${printable(row.text)}\n${table}    ${best}\n`;
}

/** Labels a file batch by batch; every readable row with a text becomes a prediction row, in order. */
async function labelFile(
  input: string,
  options: LabelOptions,
  opened: OpenLabeller,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const progress = createProgress({ stream: terminal.err, now: terminal.now, enabled: options.output !== undefined });
  let rows = 0;
  let unlabelled = 0;
  const started = terminal.now();
  await withOutput(options.output, terminal, async (output) => {
    for await (const records of readRecords(input, registry)) {
      const batch: InputRow[] = [];
      for (const record of records) {
        if (record.kind === "document") batch.push(readInputRow(record.document));
        else terminal.err.write(`${oneLine(`${record.container}: ${record.id}: ${record.code}: ${record.reason}`)}\n`);
        if (record.kind !== "document") unlabelled += 1;
      }
      unlabelled += batch.filter((row) => row.text === "").length;
      await writeRows(batch, rows, opened, output);
      rows += batch.length;
      progress.update(rows, undefined, "rows", `${Math.round((1000 * rows) / (terminal.now() - started))}/s`);
    }
  });
  progress.end();
  terminal.err.write(`${rows} rows read, ${unlabelled} of them without a text to label.\n`);
  return exitCodes.ok;
}

async function writeRows(
  batch: readonly InputRow[],
  offset: number,
  opened: OpenLabeller,
  output: Output,
): Promise<void> {
  const labelled = await opened.labeller.label(
    batch.map((row) => row.text),
    never,
  );
  const lines = batch.flatMap((row, index) => (row.text === "" ? [] : [predictionLine(row, index, labelled, offset)]));
  if (lines.length > 0) await output.write(`${lines.join("\n")}\n`);
}
