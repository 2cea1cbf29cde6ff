import { type Event, type LabelledEvent, minStoredScore, parentField, storableFacts } from "#sdk";
import { formatTime } from "./format-time.ts";

const maxQuoted = 10_000;

/**
 * Makes the function that writes a labelled event as one line of the labels stream, newline included. `model` names the
 * labelling model. Lines are put together by hand: JSON.stringify of the whole takes three times as long.
 */
export function compileLabelFormat(model: string): (labelled: LabelledEvent) => string {
  const quoteOnce = cachedQuote();
  const modelPart = `,"model":${JSON.stringify(model)}`;
  return ({ event, topLabels, tags }) => {
    let top = "";
    let scores = "";
    for (const { label_id, score, axis } of topLabels) {
      const id = quoteOnce(label_id);
      const value = formatScore(score);
      top += `${top === "" ? "" : ","}{"label_id":${id},"score":${value},"axis":${quoteOnce(axis)}}`;
      if (score >= minStoredScore) scores += `${scores === "" ? "" : ","}${id}:${value}`;
    }
    const id = JSON.stringify(event.id);
    const session = `{"key":${JSON.stringify(event.sessionKey)},"key_from":${quoteOnce(event.sessionKeyFrom)}}`;
    return (
      `{${timestamp(event)}"event":{"kind":"enrichment","id":${id}},"tagsmith":{"event_id":${id}` +
      `,"text":${JSON.stringify(event.text)},"platform":"${event.platform}","session":${session},"top_labels":[${top}]` +
      `,"tags":[${tags.map(quoteOnce).join(",")}],"score":{${scores}},"mapping":${quoteOnce(event.mapping)}${modelPart}` +
      `,"origin":${origin(event, quoteOnce)}${event.incomplete ? ',"incomplete":true' : ""}${facts(event)}${ownPivots(event)}}${pivots(event)}}\n`
    );
  };
}

/** Quotes texts of which there are few, and keeps what it made; starts again when there are many after all. */
function cachedQuote(): (text: string) => string {
  const quoted = new Map<string, string>();
  return (text) => {
    const known = quoted.get(text);
    if (known !== undefined) return known;
    if (quoted.size >= maxQuoted) quoted.clear();
    const made = JSON.stringify(text);
    quoted.set(text, made);
    return made;
  };
}

function timestamp(event: Event): string {
  const time = formatTime(event.timeMs, event.time);
  return time === undefined ? "" : `"@timestamp":${JSON.stringify(time)},`;
}

function formatScore(score: number): string {
  return Number.isFinite(score) ? `${score}` : "null";
}

function origin({ origin: { source, container, document } }: Event, quoteOnce: (text: string) => string): string {
  return `{"source":${quoteOnce(source)},"container":${quoteOnce(container)},"document":${JSON.stringify(document)}}`;
}

function facts({ facts: known }: Event): string {
  return known === undefined ? "" : `,"facts":${JSON.stringify(storableFacts(known))}`;
}

/** The fields a reader goes from here to the event by. */
function pivots({ host, user }: Event): string {
  const hostPart = host === undefined ? "" : `,"host":{"name":${JSON.stringify(host)}}`;
  const userPart = user === undefined ? "" : `,"user":{"name":${JSON.stringify(user)}}`;
  return hostPart + userPart;
}

/** Those that stand under `tagsmith`, as in a search server: at the top, rules for events would take the line for one. */
function ownPivots({ platform, executable, parent }: Event): string {
  const orchestrator = platform === "k8s_audit" ? ',"orchestrator":{"type":"kubernetes"}' : "";
  if (executable === undefined && parent === undefined) return orchestrator;
  const parts = [
    ...(executable === undefined ? [] : [`"executable":${JSON.stringify(executable)}`]),
    ...(parent === undefined ? [] : [`"parent":{${parentProperty(parent)}}`]),
  ];
  return `${orchestrator},"process":{${parts.join(",")}}`;
}

/** What a source says of the parent, as one JSON property. */
function parentProperty(parent: string): string {
  const field = parentField(parent);
  return `"${field}":${field === "pid" ? parent : JSON.stringify(parent)}`;
}
