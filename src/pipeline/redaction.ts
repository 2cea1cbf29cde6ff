import type { Event } from "../event/event.ts";

/** What of a secret is kept from whom: `stored` from everything that is written, `all` also from the model. */
export type RedactMode = "stored" | "all" | "off";

/** Takes secrets out of what passes through the pipeline. */
export interface Redaction {
  /** Before the model reads the event. */
  readonly read: (event: Event) => Event;
  /** Before the event is stored. */
  readonly store: (event: Event) => Event;
  /** For what is shown of a record that gave no event. */
  readonly excerpt: (text: string) => string;
}

/** Leaves everything as it is. */
export const noRedaction: Redaction = { read: (event) => event, store: (event) => event, excerpt: (text) => text };

/** `redact` takes the secrets out of a text. */
export function createRedaction(mode: RedactMode, redact: (text: string) => string): Redaction {
  if (mode === "off") return noRedaction;
  const redactEvent = (event: Event): Event => cleaned(event, redact);
  const stored = mode === "stored";
  return {
    read: stored ? noRedaction.read : redactEvent,
    store: stored ? redactEvent : noRedaction.store,
    excerpt: redact,
  };
}

/** The event itself where nothing in it is secret; ids and session keys are made of what was there before. */
function cleaned(event: Event, redact: (text: string) => string): Event {
  const { text, parent, facts } = event;
  const cleanText = redact(text);
  const cleanParent = parent === undefined ? undefined : redact(parent);
  const cleanFacts = facts === undefined ? undefined : cleanedFacts(facts, redact);
  if (cleanText === text && cleanParent === parent && cleanFacts === facts) return event;
  return {
    ...event,
    text: cleanText,
    ...(cleanParent === undefined ? {} : { parent: cleanParent }),
    ...(cleanFacts === undefined ? {} : { facts: cleanFacts }),
  };
}

type Facts = NonNullable<Event["facts"]>;

function cleanedFacts(facts: Facts, redact: (text: string) => string): Facts {
  const entries = Object.entries(facts).map(([name, value]) => [name, redact(value)] as const);
  return entries.some(([name, value]) => facts[name] !== value) ? Object.fromEntries(entries) : facts;
}
