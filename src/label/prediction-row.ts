import { z } from "zod";
import type { Label } from "../event/label.ts";
import type { InputRow } from "./input-row.ts";

const predictionSchema = z.looseObject({
  observation_id: z.string().optional(),
  command: z.string(),
  top_labels: z.array(z.looseObject({ label_id: z.string(), score: z.number(), axis: z.string().default("") })),
  session_id: z.string().optional(),
});

/** A prediction row as read: the labels of one text, and which row they are for. */
export interface Prediction {
  readonly observationId: string | undefined;
  readonly sessionId: string | undefined;
  readonly text: string;
  /** Best first. */
  readonly topLabels: readonly Label[];
}

/** A parsed prediction row, or why the line is none. */
export type ParsedPrediction =
  | { readonly kind: "prediction"; readonly prediction: Prediction }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * The prediction row of an input row, as one line of JSON without the line break. A row without an id of its own gets
 * `event:<index>`; `index` is its 0-based place in the input.
 */
export function formatPrediction(row: InputRow, index: number, topLabels: readonly Label[]): string {
  return JSON.stringify({
    observation_id: row.observationId ?? `event:${index}`,
    command: row.text,
    ...row.carried,
    top_labels: topLabels,
  });
}

/** Reads one line of a prediction file, ours or another tool's; unknown fields are ignored. */
export function parsePrediction(line: string): ParsedPrediction {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return { kind: "invalid", reason: `not JSON: ${String(error)}` };
  }
  const parsed = predictionSchema.safeParse(value);
  if (!parsed.success) return { kind: "invalid", reason: z.prettifyError(parsed.error) };
  const { observation_id: observationId, session_id: sessionId, command, top_labels } = parsed.data;
  const topLabels = top_labels.map(({ label_id, score, axis }) => ({ label_id, score, axis }));
  return { kind: "prediction", prediction: { observationId, sessionId, text: command.trim(), topLabels } };
}
