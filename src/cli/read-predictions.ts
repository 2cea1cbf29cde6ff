import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { type Prediction, parsePrediction } from "../label/prediction-row.ts";

/** Reads a prediction file. Throws `predictions_invalid` with file and line, `predictions_not_found` when there is none. */
export async function readPredictions(path: string): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  let number = 0;
  try {
    for await (const line of createInterface({
      input: createReadStream(path, "utf8"),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      number += 1;
      if (line.trim() === "") continue;
      const parsed = parsePrediction(line);
      if (parsed.kind === "invalid") {
        throw new TagsmithError("predictions_invalid", `${path}: line ${number}: ${parsed.reason}`, "exit");
      }
      predictions.push(parsed.prediction);
    }
  } catch (cause) {
    if (cause instanceof TagsmithError) throw cause;
    throw new TagsmithError("predictions_not_found", `${path}: cannot be read.`, "exit", cause);
  }
  return predictions;
}
