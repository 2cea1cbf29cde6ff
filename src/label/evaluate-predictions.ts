import type { Prediction } from "./prediction-row.ts";

/** A row whose tags are known. */
export interface GoldRow {
  readonly observationId: string | undefined;
  /** Trimmed. */
  readonly text: string;
  /** Each once. */
  readonly goldTags: readonly string[];
}

/** Metrics of the top k; undefined where there is nothing to divide by. */
interface TopKMetrics {
  readonly k: number;
  /** Share of rows with at least one gold tag in the top k. */
  readonly anyHit: number | undefined;
  /** Share of rows with every gold tag in the top k. */
  readonly allCovered: number | undefined;
  /** Gold tags found / gold tags, over all rows. */
  readonly microRecall: number | undefined;
  /** Share of the rows with exactly one gold tag that have it in the top k. */
  readonly singleLabelHit: number | undefined;
}

export interface Evaluation {
  /** Rows with at least one gold tag; the others are left out. */
  readonly rows: number;
  readonly goldTags: number;
  readonly singleLabelRows: number;
  /** Rows among them that no prediction answers; they count as missed. */
  readonly unanswered: number;
  readonly metrics: readonly TopKMetrics[];
}

/**
 * Scores predictions against gold rows, for each k (any-hit, all-covered, micro recall and
 * single-label hit over rows with at least one gold tag).
 *
 * A gold row with an observation id is answered by the prediction with that id; one without, by the prediction of the
 * same text. Where an id or a text stands several times, the n-th row takes the n-th prediction. So a prediction
 * answers one row, and a row that the predictor lost counts as missed.
 */
export function evaluatePredictions(
  gold: readonly GoldRow[],
  predictions: readonly Prediction[],
  ks: readonly number[],
): Evaluation {
  const answer = matchPredictions(predictions);
  const answered = gold
    .map((row) => ({ gold: row.goldTags, prediction: answer(row) }))
    .filter((row) => row.gold.length > 0);
  const ranked = answered.map(({ gold: tags, prediction }) => ({
    tags,
    ranks: tags.map((tag) => rankOf(tag, prediction)),
  }));
  return {
    rows: ranked.length,
    goldTags: ranked.reduce((sum, row) => sum + row.tags.length, 0),
    singleLabelRows: ranked.filter((row) => row.tags.length === 1).length,
    unanswered: answered.filter((row) => row.prediction === undefined).length,
    metrics: ks.map((k) => scoreTop(k, ranked)),
  };
}

/** Takes the predictions out one by one, as rows ask for them. */
function matchPredictions(predictions: readonly Prediction[]): (row: GoldRow) => Prediction | undefined {
  const byId = new Map<string, Prediction[]>();
  const byText = new Map<string, Prediction[]>();
  for (const prediction of predictions.toReversed()) {
    if (prediction.observationId !== undefined) add(byId, prediction.observationId, prediction);
    add(byText, prediction.text, prediction);
  }
  return (row) => (row.observationId === undefined ? byText.get(row.text)?.pop() : byId.get(row.observationId)?.pop());
}

function add(index: Map<string, Prediction[]>, key: string, prediction: Prediction): void {
  const found = index.get(key);
  if (found === undefined) index.set(key, [prediction]);
  else found.push(prediction);
}

/** 0 is best; infinite when the tag was not predicted. */
function rankOf(tag: string, prediction: Prediction | undefined): number {
  const rank = prediction?.topLabels.findIndex((label) => label.label_id === tag) ?? -1;
  return rank < 0 ? Number.POSITIVE_INFINITY : rank;
}

function scoreTop(k: number, rows: readonly { readonly ranks: readonly number[] }[]): TopKMetrics {
  const found = rows.map(({ ranks }) => ({ gold: ranks.length, hit: ranks.filter((rank) => rank < k).length }));
  const single = found.filter((row) => row.gold === 1);
  const tags = found.reduce((sum, row) => sum + row.gold, 0);
  return {
    k,
    anyHit: ratio(found.filter((row) => row.hit > 0).length, rows.length),
    allCovered: ratio(found.filter((row) => row.hit === row.gold).length, rows.length),
    microRecall: ratio(
      found.reduce((sum, row) => sum + row.hit, 0),
      tags,
    ),
    singleLabelHit: ratio(single.filter((row) => row.hit > 0).length, single.length),
  };
}

function ratio(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}
