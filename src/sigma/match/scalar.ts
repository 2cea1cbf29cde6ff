import type { Document } from "../../sdk/document.ts";

/** What a rule's value is compared with: a leaf of an event. */
export type EventScalar = string | number | boolean | bigint;

/** Containers deeper than this are not looked into; real events are far flatter, and hostile ones end here. */
export const maxEventDepth = 64;

/** True for what can hold fields: an object that is no list. */
export function isObject(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for a leaf that can be compared; null, objects and lists are none. */
export function isEventScalar(value: unknown): value is EventScalar {
  return (
    typeof value === "string" || typeof value === "number" || typeof value === "boolean" || typeof value === "bigint"
  );
}

/** The text a leaf is compared as. */
export function textOf(value: EventScalar): string {
  return typeof value === "string" ? value : String(value);
}

const beyondAscii = /[^\p{ASCII}]/u;

/** Folds case so that folding a part gives the part of the folded text: lower case, without the special forms of σ and s. */
export function foldCase(text: string): string {
  const lower = text.toLowerCase();
  return beyondAscii.test(lower) ? lower.replaceAll("ς", "σ").replaceAll("ſ", "s") : lower;
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** The number a leaf stands for: a number, or a text in decimal notation. */
export function numberOf(value: EventScalar): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string" || value.length > 64) return undefined;
  const text = value.trim();
  return decimal.test(text) ? Number(text) : undefined;
}
