import { isObj, type Obj } from "../safe-value.ts";
import { undotAudit } from "../undot-audit.ts";

/** The audit event a document has below a dotted path, in any form; undefined when there is nothing. `names`: see undotAudit. */
export function subtree(document: Obj, path: string, names?: ReadonlySet<string>): Obj | undefined {
  const found = fieldsBelow(document, path);
  return found === undefined ? undefined : undotAudit(found, names);
}

/**
 * Everything a document has below a dotted path, however the path is written: nested, dotted or mixed. Keys below it stay
 * as they are; what comes first in the document wins. Undefined when there is nothing.
 */
export function fieldsBelow(document: Obj, path: string): Obj | undefined {
  const found: Record<string, unknown> = Object.create(null);
  gather(document, path, found);
  for (const _ in found) return found;
  return undefined;
}

function gather(holder: Obj, path: string, found: Record<string, unknown>): void {
  const below = `${path}.`;
  for (const key in holder) {
    if (key === path) addAll(only(holder[key]), found);
    else if (key.startsWith(below)) add(key.slice(below.length), holder[key], found);
    else if (below.startsWith(key) && below[key.length] === ".") {
      const inner = only(holder[key]);
      if (inner !== undefined) gather(inner, path.slice(key.length + 1), found);
    }
  }
}

function addAll(value: Obj | undefined, found: Record<string, unknown>): void {
  for (const key in value) add(key, value[key], found);
}

function add(key: string, value: unknown, found: Record<string, unknown>): void {
  if (value !== undefined && value !== null && found[key] === undefined) found[key] = value;
}

/** An object, or the only one of a list. */
function only(value: unknown): Obj | undefined {
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return isObj(one) ? one : undefined;
}
