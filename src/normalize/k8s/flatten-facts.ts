import { type FactList, redacted } from "./fact-list.ts";
import { isObj, type Obj, text } from "./safe-value.ts";

const maxDepth = 16;
const maxEntries = 100;
const maxLeaves = 400;

/** Bookkeeping that the API server or kubectl writes; it says nothing about what was done. */
const noiseKeys: ReadonlySet<string> = new Set([
  "apiVersion",
  "kind",
  "managedFields",
  "resourceVersion",
  "uid",
  "generation",
  "creationTimestamp",
  "selfLink",
  "kubectl.kubernetes.io/last-applied-configuration",
  "kubectl.kubernetes.io/restartedAt",
]);

const secretKey =
  /(?:password|passwd|secret|token|api-?_?key|credentials?|private-?_?key|cabundle|snippet|authorization)$/i;

/** Counts down over a whole body, so that no body takes long. */
interface Budget {
  left: number;
}

/** Every leaf below `value` as `path=value`, lists by the name, type or place of their elements; secrets redacted. */
export function addFlattened(facts: FactList, path: string, value: unknown, secret: boolean): void {
  addNode(facts, path, value, secret, 0, { left: maxLeaves });
}

function addNode(facts: FactList, path: string, value: unknown, secret: boolean, depth: number, budget: Budget): void {
  if (depth > maxDepth || budget.left <= 0 || facts.isFull()) return;
  if (Array.isArray(value)) addArray(facts, path, value, secret, depth, budget);
  else if (isObj(value)) addObject(facts, path, value, secret, depth, budget);
  else {
    budget.left -= 1;
    facts.add(path, secret ? redacted : value === null ? "null" : text(value));
  }
}

function addArray(
  facts: FactList,
  path: string,
  values: readonly unknown[],
  secret: boolean,
  depth: number,
  budget: Budget,
): void {
  const items = values.slice(0, maxEntries);
  if (items.every((item) => !isObj(item) && !Array.isArray(item))) {
    budget.left -= 1;
    facts.add(path, secret ? redacted : items.map(text).join(" "));
    return;
  }
  for (const [index, item] of items.entries()) {
    if (budget.left <= 0 || facts.isFull()) return;
    addNode(facts, `${path}[${elementName(item, index)}]`, item, secret, depth + 1, budget);
  }
}

function addObject(facts: FactList, path: string, value: Obj, secret: boolean, depth: number, budget: Budget): void {
  const isEnvironment = /(?:^|\.)env\[/.test(path);
  let seen = 0;
  for (const key in value) {
    if (!Object.hasOwn(value, key) || noiseKeys.has(key) || /^[$@]/.test(key)) continue;
    seen += 1;
    if (seen > maxEntries) return;
    const isSecret = secret || isSecretKey(key) || (isEnvironment && key === "value") || isVariables(key, value[key]);
    if (isSelector(path, key)) continue;
    addNode(facts, path === "" ? key : `${path}.${key}`, value[key], isSecret, depth + 1, budget);
  }
}

/** Values below this key are data that only their owner may see. */
export function isSecretKey(key: string): boolean {
  return key === "data" || key === "stringData" || key === "binaryData" || secretKey.test(key);
}

/** Environment variables as `{NAME: value}`, as some custom resources have them. */
function isVariables(key: string, value: unknown): boolean {
  return (key === "env" || key === "envVars") && isObj(value);
}

/** The name of a list element stands in its path already. */
function isSelector(path: string, key: string): boolean {
  return key === "name" && path.endsWith("]") && !/\[\d+\]$/.test(path.slice(-12));
}

function elementName(item: unknown, index: number): string {
  if (!isObj(item)) return String(index);
  const hasMore = hasSeveralKeys(item);
  const name = hasMore ? text(item["name"]) || text(item["type"]) : "";
  return name === "" || name.length > 63 ? String(index) : name;
}

function hasSeveralKeys(item: Obj): boolean {
  let seen = 0;
  for (const _ in item) {
    seen += 1;
    if (seen > 1) return true;
  }
  return false;
}
