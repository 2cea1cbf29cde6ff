/** A JSON object. */
export type Obj = Readonly<Record<string, unknown>>;

const noObject: Obj = {};
const noList: readonly unknown[] = [];

/** The value as an object; an empty one for anything else, so that reading on is always safe. */
export function obj(value: unknown): Obj {
  return isObj(value) ? value : noObject;
}

export function isObj(value: unknown): value is Obj {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as a list; one element for a scalar or object, none for null. */
export function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? noList : [value];
}

/** The value as a non-empty text: strings, numbers and booleans, or the first of a list; "" for the rest. */
export function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) && value.length > 0 && !Array.isArray(value[0]) ? text(value[0]) : "";
}

/** True for what says true in any spelling: `true`, `"true"`, or a list of such. */
export function isTrue(value: unknown): boolean {
  return value === true || value === "true" || (Array.isArray(value) && value.slice(0, 50).some(isTrue));
}

/** The texts of a list, empty ones left out; at most `max`. */
export function texts(value: unknown, max = 20): string[] {
  return list(value)
    .slice(0, max)
    .map(text)
    .filter((item) => item !== "");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const hasUnprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** One line, at most `max` characters: control characters and line ends become a space. */
export function oneLine(value: string, max: number): string {
  const cut = value.length > max ? `${value.slice(0, max)}…` : value;
  return hasUnprintable.test(cut) ? cut.replace(unprintable, " ").trim() : cut;
}
