import { isObj, type Obj } from "./safe-value.ts";

/** Parts of an audit event that hold fields of their own. */
const branches: ReadonlySet<string> = new Set([
  "user",
  "impersonatedUser",
  "objectRef",
  "responseStatus",
  "annotations",
  "requestObject",
  "responseObject",
  "metadata",
]);

/** What stands below these is named by users and may have dots in its name. */
const opaque: ReadonlySet<string> = new Set([
  "annotations",
  "labels",
  "matchLabels",
  "nodeSelector",
  "data",
  "stringData",
  "binaryData",
  "extra",
  "limits",
  "requests",
  "hard",
]);

const maxKeys = 5_000;
const maxDepth = 32;
const maxIndex = 1_000;

type Open = Record<string, unknown> | unknown[];

/**
 * An audit event whose keys may be dotted (`objectRef.resource`, `requestObject.spec.containers.0.image`) as nested
 * objects; the very same object where no key is. Names with dots of their own (labels, annotations, keys of secrets)
 * stay whole. Nested values win over dotted ones. `names` are the parts whose keys are taken apart.
 */
export function undotAudit(audit: Obj, names: ReadonlySet<string> = branches): Obj {
  let root: Record<string, unknown> | undefined;
  const own = new Set<Open>();
  let seen = 0;
  for (const key in audit) {
    const dot = key.indexOf(".");
    if (dot <= 0 || !names.has(key.slice(0, dot))) continue;
    seen += 1;
    if (seen > maxKeys) break;
    root ??= openCopy(audit);
    own.add(root);
    put(root, segmentsOf(key), audit[key], own);
    delete root[key];
  }
  return root ?? audit;
}

/** A copy without a prototype, so that every key is a plain one. */
function openCopy(value: Obj): Record<string, unknown> {
  return Object.assign(Object.create(null), value);
}

function segmentsOf(key: string): string[] {
  const segments: string[] = [];
  let from = 0;
  while (from <= key.length && segments.length < maxDepth) {
    if (opaque.has(segments.at(-1) ?? "")) return [...segments, key.slice(from)];
    const dot = key.indexOf(".", from);
    const end = dot < 0 ? key.length : dot;
    segments.push(...plainSegments(key.slice(from, end)));
    from = end + 1;
  }
  return from <= key.length ? [...segments, key.slice(from)] : segments;
}

/** `containers[0]` is two segments; `containers[]` is one. */
function plainSegments(segment: string): string[] {
  const open = segment.endsWith("]") ? segment.indexOf("[") : -1;
  if (open < 0) return [segment];
  const index = segment.slice(open + 1, -1);
  return index === "" ? [segment.slice(0, open)] : [segment.slice(0, open), index];
}

function put(root: Record<string, unknown>, segments: readonly string[], value: unknown, own: Set<Open>): void {
  let holder: Open = root;
  for (let at = 0; at < segments.length - 1; at += 1) {
    const next = openChild(holder, segments[at] ?? "", isIndex(segments[at + 1]), own);
    if (next === undefined) return;
    holder = next;
  }
  const last = segments.at(-1) ?? "";
  if (readChild(holder, last) === undefined) writeChild(holder, last, value);
}

/** The object or list under a name, made or copied where it is not ours to change; undefined where a scalar is. */
function openChild(holder: Open, name: string, asList: boolean, own: Set<Open>): Open | undefined {
  const present = readChild(holder, name);
  if (isOpen(present) && own.has(present)) return present;
  if (present !== undefined && !isOpen(present)) return undefined;
  const made = copyOf(present, asList);
  own.add(made);
  return writeChild(holder, name, made) ? made : undefined;
}

function copyOf(present: Open | undefined, asList: boolean): Open {
  if (Array.isArray(present)) return present.slice(0, maxIndex);
  if (present !== undefined) return openCopy(present);
  return asList ? [] : Object.create(null);
}

function isOpen(value: unknown): value is Open {
  return Array.isArray(value) || isObj(value);
}

function isIndex(segment: string | undefined): boolean {
  return segment !== undefined && /^\d{1,3}$/.test(segment);
}

function readChild(holder: Open, name: string): unknown {
  const value: unknown = Array.isArray(holder) ? (isIndex(name) ? holder[Number(name)] : undefined) : holder[name];
  return value === null ? undefined : value;
}

function writeChild(holder: Open, name: string, value: unknown): boolean {
  if (!Array.isArray(holder)) {
    holder[name] = value;
    return true;
  }
  if (!isIndex(name)) return false;
  while (holder.length < Number(name)) holder.push(undefined);
  holder[Number(name)] = value;
  return true;
}
