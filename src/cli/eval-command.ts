import { TagsmithError } from "../event/tagsmith-error.ts";
import { evaluatePredictions, type GoldRow } from "../label/evaluate-predictions.ts";
import { readInputRow } from "../label/input-row.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { exitCodes } from "./exit-code.ts";
import { readPredictions } from "./read-predictions.ts";
import { readDocuments } from "./read-records.ts";
import { formatTable, type Terminal } from "./terminal.ts";

interface EvalOptions {
  readonly gold: string;
  readonly predictions: string;
  readonly json: boolean;
}

const ks = [1, 3, 5];

/** `tagsmith eval`: how many gold tags the predictions found. */
export async function evalCommand(
  options: EvalOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const gold: GoldRow[] = [];
  for await (const row of readDocuments(options.gold, registry, (bad) => {
    throw new TagsmithError("gold_invalid", `${options.gold}: ${bad.id}: ${bad.reason}`, "exit");
  })) {
    gold.push(readInputRow(row));
  }
  const evaluation = evaluatePredictions(gold, await readPredictions(options.predictions), ks);
  if (options.json) {
    terminal.out.write(`${JSON.stringify(evaluation)}\n`);
    return exitCodes.ok;
  }
  const percent = (value: number | undefined): string => (value === undefined ? "-" : `${(100 * value).toFixed(2)} %`);
  const { rows, goldTags, unanswered, metrics } = evaluation;
  const table = metrics.map((m) => [
    `@${m.k}`,
    percent(m.anyHit),
    percent(m.microRecall),
    percent(m.allCovered),
    percent(m.singleLabelHit),
  ]);
  terminal.out.write(`${rows} rows with ${goldTags} gold tags, ${unanswered} without a prediction\n`);
  terminal.out.write(formatTable([["", "any-hit", "micro recall", "all-covered", "single-label hit"], ...table]));
  return exitCodes.ok;
}
