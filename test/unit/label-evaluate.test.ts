import { describe, expect, it } from "vitest";
import { evaluatePredictions, type GoldRow } from "../../src/label/evaluate-predictions.ts";
import type { Prediction } from "../../src/label/prediction-row.ts";

const gold = (text: string, goldTags: string[], observationId?: string): GoldRow => ({ observationId, text, goldTags });
const predicted = (text: string, tags: string[], observationId?: string): Prediction => ({
  observationId,
  sessionId: undefined,
  text,
  topLabels: tags.map((label_id, rank) => ({ label_id, score: 1 - rank / 10, axis: "x" })),
});

describe("evaluatePredictions", () => {
  it("computes the four metrics for each k over the rows that have tags", () => {
    const evaluation = evaluatePredictions(
      [gold("1", ["a"]), gold("2", ["a", "b"]), gold("3", ["c"]), gold("4", [])],
      [predicted("1", ["a", "z"]), predicted("2", ["z", "b"]), predicted("3", ["z", "y"]), predicted("4", ["a"])],
      [1, 2],
    );
    expect(evaluation).toEqual({
      rows: 3,
      goldTags: 4,
      singleLabelRows: 2,
      unanswered: 0,
      metrics: [
        { k: 1, anyHit: 1 / 3, allCovered: 1 / 3, microRecall: 1 / 4, singleLabelHit: 1 / 2 },
        { k: 2, anyHit: 2 / 3, allCovered: 1 / 3, microRecall: 2 / 4, singleLabelHit: 1 / 2 },
      ],
    });
  });

  it("counts a row without a prediction as missed", () => {
    const evaluation = evaluatePredictions([gold("1", ["a"]), gold("2", ["a"])], [predicted("1", ["a"])], [5]);
    expect(evaluation.unanswered).toBe(1);
    expect(evaluation.metrics[0]).toMatchObject({ anyHit: 0.5, microRecall: 0.5 });
  });

  it("matches by observation id where the row has one, whatever the texts and the order", () => {
    const evaluation = evaluatePredictions(
      [gold("same", ["a"], "id-1"), gold("same", ["b"], "id-2")],
      [predicted("other", ["b"], "id-2"), predicted("same", ["a"], "id-1"), predicted("same", ["z"], "id-3")],
      [1],
    );
    expect(evaluation.metrics[0]?.allCovered).toBe(1);
  });

  it("gives the n-th row of a text its n-th prediction, and none to a row that was lost", () => {
    const rows = [gold("ls", ["a"]), gold("ls", ["b"]), gold("ls", ["c"])];
    const evaluation = evaluatePredictions(rows, [predicted("ls", ["a"]), predicted("ls", ["b"])], [1]);
    expect(evaluation.metrics[0]?.anyHit).toBe(2 / 3);
    expect(evaluation.unanswered).toBe(1);
  });

  it("has no metrics where there is nothing to score", () => {
    const evaluation = evaluatePredictions([gold("1", [])], [], [5]);
    expect(evaluation.rows).toBe(0);
    expect(evaluation.metrics[0]).toEqual({
      k: 5,
      anyHit: undefined,
      allCovered: undefined,
      microRecall: undefined,
      singleLabelHit: undefined,
    });
  });
});
