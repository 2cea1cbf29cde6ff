import { oneLine } from "./safe-value.ts";

export const redacted = "<redacted>";
const maxFactsChars = 1_000;
const maxValueChars = 400;
/** Where collecting stops: enough to look for what matters behind a lot of padding. */
const maxCollectedChars = 16_000;

/**
 * Collects `key=value` facts in the order they are given. The text has at most 1,000 characters; where more came together,
 * what gives power over node, cluster or program goes first, so that padding hides nothing.
 */
export interface FactList {
  /** Leaves empty values out. */
  add(key: string, value: string): void;
  /** Several values of one key, joined by a space. */
  addAll(key: string, values: readonly string[]): void;
  /** What is added from here to the next call stays together. */
  startGroup(): void;
  /** No room is left: collecting on is useless. */
  isFull(): boolean;
  toText(): string;
}

interface Fact {
  readonly text: string;
  readonly group: number;
}

export function createFactList(): FactList {
  const facts: Fact[] = [];
  const important = new Set<number>();
  let chars = 0;
  let group = 0;
  let isGrouping = false;
  const isFull = () => chars >= maxCollectedChars;
  const add = (key: string, value: string) => {
    if (value === "" || isFull()) return;
    if (!isGrouping) group += 1;
    const text = `${oneLine(key, maxValueChars)}=${oneLine(value, maxValueChars)}`;
    if (isImportant(text)) important.add(group);
    facts.push({ text, group });
    chars += text.length + 1;
  };
  return {
    add,
    addAll: (key, values) => add(key, values.join(" ")),
    startGroup() {
      isGrouping = true;
      group += 1;
    },
    isFull,
    toText: () => (chars <= maxFactsChars ? joined(facts) : cut(importantFirst(facts, important))),
  };
}

/** Keys of what gives power over node, cluster or program; in a JSON patch they stand in the path. */
const power =
  /(?:^|[./=])(?:image|privileged|allowPrivilegeEscalation|capabilities|hostPID|hostIPC|hostNetwork|hostPath|hostUsers|procMount|command|args|serviceAccountName|runAsUser|roleRef|subjects?|rules|verbs|webhooks|clientConfig|failurePolicy|nodeName|ephemeralContainers|allowHost\w{1,30}|allowPrivileged\w{1,30}|users|groups)(?:[=./[]|$)/;

function isImportant(text: string): boolean {
  return power.test(text);
}

function importantFirst(facts: readonly Fact[], important: ReadonlySet<number>): Fact[] {
  return [...facts.filter((fact) => important.has(fact.group)), ...facts.filter((fact) => !important.has(fact.group))];
}

function joined(facts: readonly Fact[]): string {
  return facts.map((fact) => fact.text).join(",");
}

function cut(facts: readonly Fact[]): string {
  const text = joined(facts);
  return text.length > maxFactsChars ? `${text.slice(0, maxFactsChars)}…` : text;
}
