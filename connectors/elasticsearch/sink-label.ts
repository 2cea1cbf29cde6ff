import {
  type Event,
  type Label,
  type LabelledEvent,
  minStoredScore,
  parentField,
  type SinkContext,
  storableFacts,
} from "#sdk";
import { eventStart } from "./bulk-item.ts";
import { cachedQuote, isoTime, quote } from "./sink-text.ts";
import { threatProperty } from "./sink-threat.ts";

/** Version of ECS whose names the documents use. */
export const ecsVersion = "8.17.0";

/** What depends on the labels alone; labels are shared by all events of one text. */
interface LabelPart {
  readonly tags: readonly string[];
  /** `tags`, `threat`: properties at the top, each with a comma after it. */
  readonly top: string;
  /** `top_labels`, `tags`, `score`: properties under `tagsmith`, without one. */
  readonly inner: string;
}

/**
 * Makes the function that writes a labelled event as a document (docs/documents.md): the time of the event, pivots, ECS
 * `tags`, `labels` and `threat`, and ours under `tagsmith`. An event without a usable time takes `nowMs`, and says so.
 * Put together by hand: JSON.stringify of the whole takes three times as long.
 */
export function compileLabelDocument(context: SinkContext): (labelled: LabelledEvent, nowMs: number) => string {
  const quoteOnce = cachedQuote();
  const versions = `"model":${quote(context.model)},"vocabulary":${quote(context.vocabulary)}`;
  const labelsStart = `"labels":{"tagsmith_model":${quote(context.model)},"tagsmith_platform":`;
  const partOf = cachedParts((labels, tags) => labelPart(labels, tags, context, quoteOnce));
  return ({ event, topLabels, tags }, nowMs) => {
    const { top, inner } = partOf(topLabels, tags);
    const time = isoTime(event.timeMs);
    const id = quote(event.id);
    const session = quoteOnce(event.sessionKey);
    const best = tags[0] === undefined ? "" : `,"tagsmith_top_label":${quoteOnce(tags[0])}`;
    return (
      `${eventStart}"kind":"enrichment","id":${id},"module":"tagsmith","dataset":"tagsmith.labels"},` +
      `"@timestamp":"${time ?? isoTime(nowMs)}","ecs":{"version":"${ecsVersion}"},` +
      `${pivots(event, quoteOnce)}${top}${labelsStart}"${event.platform}","tagsmith_session":${session}${best}},` +
      `"tagsmith":{"event_id":${id},"text":${quote(event.text)},"platform":"${event.platform}",` +
      `"session":{"key":${session},"key_from":${quoteOnce(event.sessionKeyFrom)}},${inner},` +
      `"mapping":${quoteOnce(event.mapping)},${versions},"origin":${origin(event, quoteOnce)}` +
      `${ownPivots(event, quoteOnce)}${time === undefined ? ',"time_missing":true' : ""}` +
      `${event.incomplete ? ',"incomplete":true' : ""}${factsProperty(event, quoteOnce)}}}`
    );
  };
}

type MakePart = (labels: readonly Label[], tags: readonly string[]) => LabelPart;

/** Keeps the part of each list of labels for as long as the list lives. */
function cachedParts(make: MakePart): MakePart {
  const parts = new WeakMap<readonly Label[], LabelPart>();
  return (labels, tags) => {
    const known = parts.get(labels);
    if (known?.tags === tags) return known;
    const made = make(labels, tags);
    parts.set(labels, made);
    return made;
  };
}

function labelPart(
  labels: readonly Label[],
  tags: readonly string[],
  { techniques }: SinkContext,
  quoteOnce: (text: string) => string,
): LabelPart {
  const finite = labels.filter(({ score }) => Number.isFinite(score));
  const ranked = finite.map(
    ({ label_id, score, axis }) => `{"label_id":${quoteOnce(label_id)},"score":${score},"axis":${quoteOnce(axis)}}`,
  );
  const scored = finite.filter(({ score }) => score >= minStoredScore);
  const scores = scored.map(({ label_id, score }) => `${quoteOnce(label_id)}:${score}`);
  const selected = `"tags":[${tags.map(quoteOnce).join(",")}]`;
  return {
    tags,
    top: `${selected},${threatProperty(tags, techniques)}`,
    inner: `"top_labels":[${ranked.join(",")}],${selected},"score":{${scores.join(",")}}`,
  };
}

function origin({ origin: { source, container, document } }: Event, quoteOnce: (text: string) => string): string {
  return `{"source":${quoteOnce(source)},"container":${quoteOnce(container)},"document":${quote(document)}}`;
}

/** The fields a reader goes from here to the event by. Those that would wake prebuilt rules are under `tagsmith`. */
function pivots({ host, user }: Event, quoteOnce: (text: string) => string): string {
  const hostPart = host === undefined ? "" : `"host":{"name":${quoteOnce(host)}},`;
  return user === undefined ? hostPart : `${hostPart}"user":{"name":${quoteOnce(user)}},`;
}

function factsProperty({ facts }: Event, quoteOnce: (text: string) => string): string {
  if (facts === undefined) return "";
  let inner = "";
  for (const [name, value] of Object.entries(storableFacts(facts))) {
    inner += `${inner === "" ? "" : ","}${quoteOnce(name)}:${quote(value)}`;
  }
  return inner === "" ? "" : `,"facts":{${inner}}`;
}

function ownPivots({ platform, executable, parent }: Event, quoteOnce: (text: string) => string): string {
  const orchestrator = platform === "k8s_audit" ? ',"orchestrator":{"type":"kubernetes"}' : "";
  if (executable === undefined && parent === undefined) return orchestrator;
  const parts = [
    ...(executable === undefined ? [] : [`"executable":${quoteOnce(executable)}`]),
    ...(parent === undefined ? [] : [`"parent":{${parentProperty(parent)}}`]),
  ];
  return `${orchestrator},"process":{${parts.join(",")}}`;
}

/** What a source says of the parent, as one JSON property. */
function parentProperty(parent: string): string {
  const field = parentField(parent);
  return `"${field}":${field === "pid" ? parent : quote(parent)}`;
}
