import type { Document } from "../sdk/document.ts";

/** What an alert of a correlation says of its events (alert-of.ts). */
const shown = ["event", "host", "user"];
const shownOfTagsmith = ["event_id", "text", "platform", "session", "tags", "score"];

/** Makes of a written document what correlations that read these fields, and their alerts, need: it is kept for long, and sent. */
export function compileTrim(fields: readonly string[]): (document: Document) => Document {
  const paths = fields.map((field) => field.split("."));
  const outer = new Set([...shown, ...paths.map(([first = ""]) => first)]);
  const inner = new Set([...shownOfTagsmith, ...paths.flatMap(([, second]) => second ?? [])]);
  outer.delete("tagsmith");
  return (document) => {
    const { tagsmith } = document;
    const own = typeof tagsmith === "object" && tagsmith !== null ? { tagsmith: pick(tagsmith, inner) } : {};
    return { ...pick(document, outer), ...own };
  };
}

function pick(value: object, names: ReadonlySet<string>): Document {
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.has(name)));
}
