import type { Label } from "../event/label.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { loadVocabulary } from "../event/vocabulary.ts";
import { readInputRow } from "../label/input-row.ts";
import { loadArtifact } from "../label/load-artifact.ts";
import type { Prediction } from "../label/prediction-row.ts";
import { createFeatureSpace } from "../session/feature-accumulator.ts";
import { loadSessionModel } from "../session/load-session-model.ts";
import { accumulateSession } from "../session/score-session.ts";
import { createSessionScorer } from "../session/session-scorer.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { exitCodes } from "./exit-code.ts";
import { withOutput } from "./open-output.ts";
import { bundled } from "./paths.ts";
import { readPredictions } from "./read-predictions.ts";
import { readDocuments } from "./read-records.ts";
import { formatTable, type Terminal } from "./terminal.ts";

interface ScoreOptions {
  readonly input: string;
  readonly predictions: string;
  readonly output: string;
  readonly model?: string;
  readonly json: boolean;
}

interface Session {
  readonly expected: unknown;
  readonly events: (readonly Label[])[];
  missing: number;
}

/** `tagsmith score`: a verdict a session, from its rows in event order and their prediction rows. */
export async function scoreCommand(
  options: ScoreOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const sessions = await joinSessions(options, registry);
  const { space, scorer } = await openScorer(options.model);
  const totals = { sessions: 0, intrusion: 0, normal_operation: 0, expected: 0, agreed: 0, missing: 0 };
  await withOutput(options.output, terminal, async (output) => {
    for (const [sessionId, session] of sessions) {
      const features = accumulateSession(space, session.events);
      const score = scorer.score(features);
      totals.sessions += 1;
      totals[score.label] += 1;
      totals.missing += session.missing;
      if (session.expected !== undefined) totals.expected += 1;
      if (session.expected === score.label) totals.agreed += 1;
      const row = {
        session_id: sessionId,
        verdict: score.label,
        score: score.riskProbability,
        threshold: scorer.threshold,
        risk_score: 10 * score.riskProbability,
        model_probability: score.adjustedProbability,
        events: session.events.length,
        ...(session.expected === undefined ? {} : { expected: session.expected }),
        contributions: scorer.explain(features),
        model: scorer.modelName,
      };
      await output.write(`${JSON.stringify(row)}\n`);
    }
  });
  if (options.json) terminal.out.write(`${JSON.stringify(totals)}\n`);
  else terminal.err.write(formatTable(Object.entries(totals).map(([name, count]) => [name, count])));
  return exitCodes.ok;
}

async function openScorer(modelPath: string | undefined) {
  const vocabulary = loadVocabulary(bundled.vocabulary());
  const artifact = await loadArtifact(modelPath ?? bundled.model(), vocabulary);
  if (artifact.sessionModel === undefined) {
    throw new TagsmithError("artifact_without_session_model", `${artifact.directory}: has no session model.`, "exit");
  }
  const space = createFeatureSpace(vocabulary);
  return { space, scorer: createSessionScorer(space, loadSessionModel(artifact.sessionModel), artifact.model) };
}

/** Rows by session in input order; a row takes the prediction of its id where the text is the same, else one of its text. */
async function joinSessions(options: ScoreOptions, registry: ConnectorRegistry): Promise<Map<string, Session>> {
  const take = indexPredictions(await readPredictions(options.predictions));
  const sessions = new Map<string, Session>();
  let index = 0;
  const stop = (bad: { id: string; reason: string }): never => {
    throw new TagsmithError("sessions_invalid", `${options.input}: ${bad.id}: ${bad.reason}`, "exit");
  };
  for await (const document of readDocuments(options.input, registry, stop)) {
    const row = readInputRow(document);
    const sessionId = row.carried["session_id"];
    if (typeof sessionId !== "string") stop({ id: `row ${index + 1}`, reason: "session_id must be a string" });
    const key = String(sessionId);
    const session = sessions.get(key) ?? { expected: row.carried["expected"], events: [], missing: 0 };
    sessions.set(key, session);
    const prediction = take(row.observationId ?? `event:${index}`, row.text);
    if (prediction === undefined) session.missing += 1;
    session.events.push(prediction?.topLabels ?? []);
    index += 1;
  }
  return sessions;
}

function indexPredictions(predictions: readonly Prediction[]): (id: string, text: string) => Prediction | undefined {
  const byId = new Map<string, Prediction>();
  const byText = new Map<string, Prediction>();
  for (const prediction of predictions) {
    if (prediction.observationId !== undefined) byId.set(prediction.observationId, prediction);
    byText.set(prediction.text, prediction);
  }
  return (id, text) => {
    const found = byId.get(id);
    return found?.text === text ? found : byText.get(text);
  };
}
