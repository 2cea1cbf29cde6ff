import type { Level, Metadata, Related, Status } from "../ast.ts";
import { at, type Report, refuse, shown } from "../problem.ts";
import { closest } from "./closest.ts";
import { isList, isMap, toPlain, type YamlMap, type YamlValue } from "./yaml-value.ts";

const statuses: readonly Status[] = ["stable", "test", "experimental", "deprecated", "unsupported"];
const levels: readonly Level[] = ["informational", "low", "medium", "high", "critical"];
const relations: readonly Related["type"][] = ["derived", "obsolete", "merged", "renamed", "similar", "correlation"];
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Keys the specification names; all others are custom. */
const known: ReadonlySet<string> = new Set(
  (
    "title id name taxonomy status level description license author date modified references tags fields " +
    "falsepositives scope related logsource detection correlation filter action generate"
  ).split(" "),
);

/** Reads what rules, correlations and filters have in common. What is wrong is in the report; the rest is returned. */
export function parseMetadata(document: YamlMap, report: Report): Metadata {
  const read = { document, report };
  return {
    title: parseTitle(read),
    taxonomy: text(read, "taxonomy") ?? "sigma",
    ...optional("id", matching(read, "id", uuid, "a UUID", "Write a random one, e.g. from uuidgen.")),
    ...optional("name", text(read, "name")),
    ...optional("status", oneOf(read, "status", statuses)),
    ...optional("level", oneOf(read, "level", levels)),
    ...optional("description", description(read)),
    ...optional("license", text(read, "license")),
    ...optional("author", text(read, "author")),
    ...optional("date", date(read, "date")),
    ...optional("modified", date(read, "modified")),
    references: texts(read, "references"),
    tags: tags(read),
    fields: texts(read, "fields"),
    falsepositives: texts(read, "falsepositives"),
    scope: texts(read, "scope"),
    related: related(read),
    custom: custom(document),
  };
}

interface Reading {
  readonly document: YamlMap;
  readonly report: Report;
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  // A computed key makes TypeScript forget which key it is.
  const entry: { [K in Key]?: Value } = {};
  if (value !== undefined) entry[key] = value;
  return entry;
}

function wrong(read: Reading, key: string, needs: string, value: YamlValue, hint: string, index?: number): undefined {
  const place = index === undefined ? at(undefined, key) : at(at(undefined, key), index);
  return refuse(read.report, place, "metadata_invalid", `${key} must be ${needs}, not ${shown(value)}.`, hint);
}

function parseTitle(read: Reading): string {
  if (!read.document.has("title") || read.document.get("title") === null) {
    refuse(read.report, undefined, "title_missing", "There is no title.", "Write title: and what the rule finds.");
    return "";
  }
  const title = text(read, "title") ?? "";
  if (title.length > 256) wrong(read, "title", "at most 256 characters long", title, "Move the rest to description.");
  return title;
}

function text(read: Reading, key: string): string | undefined {
  const value = read.document.get(key);
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" && (value !== "" || key === "description" || key === "author")) return value;
  return wrong(read, key, "a text", value, value === "" ? "Leave the key out." : "Put the value in quotes.");
}

function description(read: Reading): string | undefined {
  const value = text(read, "description");
  if (value === undefined || value.length <= 65_535) return value;
  return wrong(read, "description", "at most 65,535 characters long", value, "Shorten it.");
}

function matching(read: Reading, key: string, pattern: RegExp, needs: string, hint: string): string | undefined {
  const value = text(read, key);
  if (value === undefined || pattern.test(value)) return value;
  return wrong(read, key, needs, value, hint);
}

function oneOf<Word extends string>(read: Reading, key: string, words: readonly Word[]): Word | undefined {
  const value = text(read, key);
  if (value === undefined) return undefined;
  const word = words.find((candidate) => candidate === value.toLowerCase());
  if (word !== undefined) return word;
  const near = closest(value, words);
  const hint = near === undefined ? "Choose one of them." : `Did you mean ${near}?`;
  return wrong(read, key, `one of ${words.join(", ")}`, value, hint);
}

/** `YYYY-MM-DD`; the `YYYY/MM/DD` of older rules is turned into it. */
function date(read: Reading, key: string): string | undefined {
  const value = text(read, key);
  if (value === undefined) return undefined;
  const [, year, month = "", day = ""] =
    /^([1-3]\d{3})-(\d\d)-(\d\d)$/.exec(value) ?? /^([1-3]\d{3})\/(\d\d?)\/(\d\d?)$/.exec(value) ?? [];
  const iso = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const time = Date.parse(`${iso}T00:00:00Z`);
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(iso)) return iso;
  return wrong(read, key, "a day that exists", value, "Write it as 2025-01-31.");
}

function list(read: Reading, key: string): readonly YamlValue[] {
  const value = read.document.get(key);
  if (value === undefined || value === null) return [];
  if (isList(value)) return value;
  wrong(read, key, "a list", value, "Start each entry with a dash.");
  return [];
}

function texts(read: Reading, key: string): string[] {
  return list(read, key).flatMap((value, index) => {
    if (isMap(value) || isList(value))
      return wrong(read, key, "a list of texts", value, "Put the entry in quotes.", index) ?? [];
    return value === null ? [] : [String(value)];
  });
}

function tags(read: Reading): string[] {
  return list(read, "tags").flatMap((value, index) => {
    if (typeof value === "string" && /^[^.]+\../.test(value)) return [value];
    return wrong(read, "tags", "a list of namespace.name", value, "Write a tag such as attack.t1059.004.", index) ?? [];
  });
}

function related(read: Reading): Related[] {
  return list(read, "related").flatMap((value, index) => {
    const id = isMap(value) ? value.get("id") : undefined;
    const type = isMap(value) ? relations.find((relation) => relation === value.get("type")) : undefined;
    if (typeof id === "string" && uuid.test(id) && type !== undefined) return [{ id, type }];
    const hint = `Write id: a UUID, and type: ${relations.join(", ")}.`;
    return wrong(read, "related", "a list of id and type", value, hint, index) ?? [];
  });
}

function custom(document: YamlMap): Readonly<Record<string, unknown>> {
  const unknown = [...document].filter(([key]) => !known.has(key));
  return unknown.length === 0 ? noCustom : Object.fromEntries(unknown.map(([key, value]) => [key, toPlain(value)]));
}

const noCustom: Readonly<Record<string, unknown>> = Object.freeze({});
