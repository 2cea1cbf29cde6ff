import { compilePath } from "../../compile-path.ts";
import { parseJson } from "../../parse-json.ts";
import { isObj, type Obj } from "../safe-value.ts";

const fields = ["message", "log", "event.original", "@message"].map(compilePath);
/** More than any syslog header or node name. */
const maxPrefixChars = 512;
const maxChars = 4_194_304;

/** An audit event that stands behind something else in a line of text: a node's name (`oc adm node-logs`), a syslog header. */
export function convertPrefixedLine(document: Obj): readonly Obj[] | undefined {
  for (const read of fields) {
    const line = read(document);
    if (typeof line !== "string" || line.length > maxChars) continue;
    const start = line.indexOf('{"');
    const parsed = start < 0 || start > maxPrefixChars ? undefined : parseJson(line.slice(start));
    if (isObj(parsed)) return [parsed];
  }
  return undefined;
}
