import { oneLine } from "./safe-value.ts";

export const redacted = "<redacted>";
const maxFactsChars = 1_000;
const maxValueChars = 400;

/** Collects `key=value` facts in the order they are given, up to 1,000 characters in all. */
export interface FactList {
  /** Leaves empty values out. */
  add(key: string, value: string): void;
  /** Several values of one key, joined by a space. */
  addAll(key: string, values: readonly string[]): void;
  /** No room is left: collecting on is useless. */
  isFull(): boolean;
  toText(): string;
}

export function createFactList(): FactList {
  let facts = "";
  const isFull = () => facts.length >= maxFactsChars;
  const add = (key: string, value: string) => {
    if (value === "" || isFull()) return;
    const fact = `${oneLine(key, maxValueChars)}=${oneLine(value, maxValueChars)}`;
    facts = facts === "" ? fact : `${facts},${fact}`;
  };
  return {
    add,
    addAll: (key, values) => add(key, values.join(" ")),
    isFull,
    toText: () => (facts.length > maxFactsChars ? `${facts.slice(0, maxFactsChars)}…` : facts),
  };
}
