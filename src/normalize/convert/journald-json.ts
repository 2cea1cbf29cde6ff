import type { Document } from "../../sdk/document.ts";
import { isObject } from "../compile-path.ts";
import { parseJson } from "../parse-json.ts";

/** The objects in a journal entry whose message is JSON, with the entry's host where they name none. */
export function convertJournaldJson(document: Document): readonly Document[] | undefined {
  const { MESSAGE: message, _HOSTNAME: name } = document;
  if (typeof message !== "string" || !/^\s{0,100}[{[]/.test(message)) return undefined;
  const parsed = parseJson(message);
  const list = Array.isArray(parsed) ? parsed : [parsed];
  if (!list.some(isObject)) return undefined;
  const host = typeof name === "string" ? { host: { name } } : {};
  return list.filter(isObject).map((one) => ({ ...host, ...one }));
}
