import { TagsmithError } from "../../event/tagsmith-error.ts";
import type { Document } from "../../sdk/document.ts";
import type { Correlation, Rule } from "../ast.ts";
import { type CorrelatorState, correlatorStateSchema } from "./correlation-state.ts";
import { GroupTable } from "./group-table.ts";
import { lastingNames } from "./lasting-names.ts";
import { entriesOf, groupOf, type Occurrence } from "./occurrence.ts";
import { maxOrderedRules } from "./ordered-sets.ts";
import { type PlaceOf, placesIn } from "./places.ts";
import { type Referable, resolveReferences } from "./resolve-references.ts";
import type { ContributingEvent } from "./window-entry.ts";

export interface CorrelatorSettings {
  /** How long an event may arrive after a later one; alerts wait as long. Older events are counted as late and left out. */
  readonly maxLatenessMs: number;
  /** Groups kept over all correlations; the one untouched longest gives way. */
  readonly maxGroups: number;
  /** Events kept a group; the oldest give way. */
  readonly maxEventsAGroup: number;
  /** How long a group stays silent after an alert; 0 for an alert with every event while the condition holds. */
  readonly suppressMs: number;
  /** Where correlators share the groups: whether those of this place (`Correlator.placesOf`) are this one's. Absent: all are. */
  readonly owns?: (place: string) => boolean;
}

/** An event and the rules that matched it. */
export interface MatchedEvent {
  readonly event: Document;
  /** Milliseconds since 1970, by the event's own clock. */
  readonly time: number;
  /** Orders events of the same time, where both have it: the lower number, then the lower id. Else they keep the order of arrival. */
  readonly order?: readonly [sequence: number, id: string];
  readonly rules: readonly Rule[];
}

export interface CorrelationAlert {
  readonly correlation: Correlation;
  /** Time of the event that made it fire. */
  readonly time: number;
  readonly group: Readonly<Record<string, string>>;
  readonly measured: number | undefined;
  /** What is in the window, oldest first. */
  readonly events: readonly ContributingEvent[];
}

export interface Correlator {
  /** Takes an event that rules matched; gives the alerts of the events whose turn has come. */
  push(matched: MatchedEvent): readonly CorrelationAlert[];
  /** Takes the events that wait up to this time, at most so many; earlier ones that come afterwards are late. */
  advance(untilMs: number, most?: number): readonly CorrelationAlert[];
  /** Takes every event that still waits, as at the end of a stream. */
  flush(): readonly CorrelationAlert[];
  /** Whether a rule or correlation gives no alerts of its own, because a correlation without `generate` refers to it. */
  isSilent(target: Referable): boolean;
  /** The places of the groups that count the event, each once; none where no correlation does. */
  placesOf(matched: MatchedEvent): readonly string[];
  /** Time of the event that is taken next; undefined when none waits. */
  nextTime(): number | undefined;
  counts(): CorrelatorCounts;
  save(): CorrelatorState;
  /** Goes on from what `save` gave; throws `sigma_state_invalid` on anything else. */
  restore(state: unknown): void;
}

interface CorrelatorCounts {
  readonly waiting: number;
  readonly groups: number;
  readonly lateEvents: number;
  readonly evictedGroups: number;
  readonly droppedEvents: number;
}

/** Events that wait for earlier ones at most; beyond it the oldest are taken although earlier ones may come, which are late then. */
const maxWaiting = 100_000;

/**
 * Counts matched events in sliding windows of event time. Events are put in order of time first, so the alerts are those of the
 * sorted stream as long as no event is later than `maxLatenessMs`.
 *
 * Throws `sigma_reference_unknown` and, for an ordered correlation of too many rules, `sigma_correlation_unsupported`.
 */
export function createCorrelator(
  rules: readonly Rule[],
  correlations: readonly Correlation[],
  settings: CorrelatorSettings,
): Correlator {
  return new StreamCorrelator(rules, correlations, settings);
}

class StreamCorrelator implements Correlator {
  readonly #ruleNames: ReadonlyMap<Rule, string>;
  readonly #correlations: readonly Correlation[];
  readonly #targets: readonly (readonly Referable[])[];
  readonly #settings: CorrelatorSettings;
  readonly #silent = new Set<Referable>();
  readonly #groups: GroupTable;
  readonly #placeOf: PlaceOf;
  #waiting: MatchedEvent[] = [];
  #newest = Number.NEGATIVE_INFINITY;
  /** Time of the event taken last. */
  #released = Number.NEGATIVE_INFINITY;
  #late = 0;
  #dropped = 0;

  constructor(rules: readonly Rule[], correlations: readonly Correlation[], settings: CorrelatorSettings) {
    this.#ruleNames = lastingNames(rules);
    const names = lastingNames(correlations);
    this.#groups = new GroupTable(names, settings);
    this.#correlations = correlations;
    this.#settings = settings;
    this.#targets = resolveReferences(rules, correlations);
    this.#placeOf = placesIn(correlations, this.#targets, names);
    for (const [index, correlation] of correlations.entries()) {
      checkOrdered(correlation);
      if (!correlation.generate) for (const target of this.#targets[index] ?? []) this.#silent.add(target);
    }
  }

  push(matched: MatchedEvent): readonly CorrelationAlert[] {
    const oldest = Math.max(this.#newest - this.#settings.maxLatenessMs, this.#released);
    if (!Number.isFinite(matched.time) || matched.time < oldest) {
      this.#late += 1;
      return [];
    }
    insertInOrder(this.#waiting, matched);
    this.#newest = Math.max(this.#newest, matched.time);
    return this.#release(this.#newest - this.#settings.maxLatenessMs);
  }

  advance(untilMs: number, most?: number): readonly CorrelationAlert[] {
    return this.#release(untilMs, most);
  }

  flush(): readonly CorrelationAlert[] {
    return this.advance(Number.POSITIVE_INFINITY);
  }

  isSilent(target: Referable): boolean {
    return this.#silent.has(target);
  }

  placesOf(matched: MatchedEvent): readonly string[] {
    const occurrence = eventOccurrence(matched);
    const places = this.#correlations.flatMap((correlation, index) =>
      entriesOf(occurrence, correlation, this.#targets[index] ?? []).map(({ key }) => this.#placeOf(correlation, key)),
    );
    return [...new Set(places)];
  }

  nextTime(): number | undefined {
    return this.#waiting[0]?.time;
  }

  counts(): CorrelatorCounts {
    return {
      waiting: this.#waiting.length,
      groups: this.#groups.size,
      lateEvents: this.#late,
      evictedGroups: this.#groups.evicted,
      droppedEvents: this.#dropped,
    };
  }

  #release(until: number, most = Number.POSITIVE_INFINITY): readonly CorrelationAlert[] {
    const ready = this.#waiting.findIndex(({ time }) => time > until);
    const count = ready < 0 ? this.#waiting.length : Math.max(ready, this.#waiting.length - maxWaiting);
    const released = this.#waiting.splice(0, Math.min(count, most));
    this.#released = released.at(-1)?.time ?? this.#released;
    return released.flatMap((matched) => this.#process(matched));
  }

  #process(taken: MatchedEvent): readonly CorrelationAlert[] {
    this.#groups.forget(taken.time);
    const occurrences: Occurrence[] = [eventOccurrence(taken)];
    const alerts: CorrelationAlert[] = [];
    for (const [index, correlation] of this.#correlations.entries()) {
      const targets = this.#targets[index] ?? [];
      const fired = occurrences.flatMap((occurrence) => this.#count(occurrence, correlation, targets));
      for (const alert of fired) {
        occurrences.push(asOccurrence(alert));
        if (!this.#silent.has(correlation)) alerts.push(alert);
      }
    }
    return alerts;
  }

  #count(occurrence: Occurrence, correlation: Correlation, targets: readonly Referable[]): readonly CorrelationAlert[] {
    const { owns } = this.#settings;
    return entriesOf(occurrence, correlation, targets).flatMap(({ key, entry }) => {
      if (owns?.(this.#placeOf(correlation, key)) === false) return [];
      const window = this.#groups.touch(correlation, key);
      this.#dropped += window.add(entry, this.#settings.maxEventsAGroup);
      const quietUntil = (window.alertedAt ?? Number.NEGATIVE_INFINITY) + this.#settings.suppressMs;
      if (this.#settings.suppressMs > 0 && entry.time < quietUntil) return [];
      const { measured, fires } = window.read();
      if (!fires) return [];
      window.alerted(entry.time);
      const events = window.entries.flatMap((each) => each.events);
      return [{ correlation, time: entry.time, group: groupOf(key, correlation), measured, events }];
    });
  }

  save(): CorrelatorState {
    const waiting = this.#waiting.map(({ time, event, order, rules }) => ({
      time,
      event: { ...event },
      ...(order !== undefined && { order }),
      matched: rules.flatMap((rule) => this.#ruleNames.get(rule) ?? []),
    }));
    const [newest, released] = [this.#newest, this.#released].map((time) => (Number.isFinite(time) ? time : null));
    return { version: 1, newest: newest ?? null, released: released ?? null, waiting, groups: this.#groups.save() };
  }

  restore(state: unknown): void {
    const parsed = correlatorStateSchema.safeParse(state);
    if (!parsed.success) {
      const message = `The correlation state cannot be read: ${parsed.error.message}`;
      throw new TagsmithError("sigma_state_invalid", message, "exit");
    }
    const { newest, released, waiting, groups } = parsed.data;
    const rules = new Map([...this.#ruleNames].map(([rule, name]) => [name, rule]));
    this.#newest = newest ?? Number.NEGATIVE_INFINITY;
    this.#released = released ?? Number.NEGATIVE_INFINITY;
    this.#waiting = waiting.map(({ time, event, order, matched }) => ({
      time,
      event,
      ...(order !== undefined && { order }),
      rules: matched.flatMap((name) => rules.get(name) ?? []),
    }));
    this.#groups.restore(groups);
  }
}

function checkOrdered(correlation: Correlation): void {
  if (correlation.measure.type !== "temporal_ordered" || correlation.rules.length <= maxOrderedRules) return;
  const message = `"${correlation.metadata.title}" orders more than ${maxOrderedRules} rules.`;
  throw new TagsmithError("sigma_correlation_unsupported", message, "exit");
}

/** Keeps the list in order; of equals, the one that came first stays first. */
function insertInOrder(waiting: MatchedEvent[], matched: MatchedEvent): void {
  let [low, high] = [0, waiting.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = waiting[middle];
    if (other !== undefined && isBefore(matched, other)) high = middle;
    else low = middle + 1;
  }
  waiting.splice(low, 0, matched);
}

function isBefore(a: MatchedEvent, b: MatchedEvent): boolean {
  if (a.time !== b.time) return a.time < b.time;
  if (a.order === undefined || b.order === undefined) return false;
  const [[sequence, id], [otherSequence, otherId]] = [a.order, b.order];
  return sequence === otherSequence ? id < otherId : sequence < otherSequence;
}

function eventOccurrence({ event, time, rules }: MatchedEvent): Occurrence {
  return { event, time, matched: new Set<Referable>(rules), events: [{ event, time }] };
}

/** An inner correlation's alert counts as an event: the last one in its window, with the group's fields. */
function asOccurrence({ correlation, time, group, events }: CorrelationAlert): Occurrence {
  const event = { ...events.at(-1)?.event, ...group };
  return { event, time, matched: new Set<Referable>([correlation]), events };
}
