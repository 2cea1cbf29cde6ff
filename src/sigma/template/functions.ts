import { TransformationFault } from "../pipeline/pipeline-run.ts";
import { display, isTruthy, iterate, memberOf } from "./template-value.ts";
import { writeJson } from "./write-json.ts";

type TemplateFunction = (value: unknown, ...args: readonly unknown[]) => unknown;

/** Longest text a function makes. */
const maxChars = 10_000_000;

function text(change: (value: string, ...args: readonly string[]) => unknown): TemplateFunction {
  return (value, ...args) => change(display(value), ...args.map(display));
}

/** Filters and methods of templates. All are pure; none runs code or reads anything. */
const functions: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ["lower", text((value) => value.toLowerCase())],
  ["upper", text((value) => value.toUpperCase())],
  [
    "title",
    text((value) =>
      value.replace(/[^-\s({[<]+/g, (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase()),
    ),
  ],
  ["capitalize", text((value) => value.slice(0, 1).toUpperCase() + value.slice(1).toLowerCase())],
  ["trim", text((value) => value.trim())],
  ["strip", text((value) => value.trim())],
  ["replace", text((value, from = "", to = "") => bounded(from === "" ? value : value.replaceAll(from, to)))],
  ["split", text((value, by) => (by === undefined ? value.split(/\s+/).filter(Boolean) : value.split(by)))],
  ["startswith", text((value, start = "") => value.startsWith(start))],
  ["endswith", text((value, end = "") => value.endsWith(end))],
  ["e", text(escapeHtml)],
  ["escape", text(escapeHtml)],
  ["safe", (value) => value],
  ["string", text((value) => value)],
  ["int", (value) => Math.trunc(Number(value)) || 0],
  ["float", (value) => Number(value) || 0],
  ["length", (value) => (typeof value === "string" ? value.length : iterate(value).length)],
  ["count", (value) => iterate(value).length],
  ["first", (value) => iterate(value)[0]],
  ["last", (value) => iterate(value).at(-1)],
  ["list", (value) => [...iterate(value)]],
  ["unique", (value) => [...new Set(iterate(value))]],
  ["sort", (value) => iterate(value).toSorted((a, b) => (display(a) < display(b) ? -1 : 1))],
  ["join", (value, by = "") => bounded(joined(value, by))],
  ["default", (value, other = "") => value ?? other],
  ["d", (value, other = "") => value ?? other],
  ["tojson", toJson],
  ["items", (value) => (value instanceof Map ? [...value].map(([key, member]) => [key, member]) : [])],
  ["keys", (value) => (value instanceof Map ? [...value.keys()] : [])],
  ["values", (value) => (value instanceof Map ? [...value.values()] : [])],
  ["get", (value, key, other = null) => memberOf(value, key) ?? other],
]);

/** Names that may stand behind `|` or, with parentheses, behind a dot. */
export const functionNames: ReadonlySet<string> = new Set(functions.keys());

/** Applies a function to its value and arguments. */
export function applyFunction(name: string, [value, ...args]: readonly unknown[]): unknown {
  const apply = functions.get(name);
  if (apply === undefined) throw new TransformationFault(`Templates have no function ${JSON.stringify(name)}.`);
  return apply(value, ...args);
}

/** JSON that is safe within HTML too. */
function toJson(value: unknown, indent: unknown): string {
  const spaces = typeof indent === "number" ? Math.min(Math.max(0, Math.trunc(indent)), 16) : undefined;
  const written = writeJson(value, { indent: spaces, sortKeys: true });
  return bounded(written.replace(/[<>&']/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`));
}

/** Both `", ".join(list)` and `list | join(", ")` are written. */
function joined(value: unknown, by: unknown): string {
  if (typeof value === "string" && Array.isArray(by)) return by.map(display).join(value);
  return iterate(value).map(display).join(display(by));
}

function escapeHtml(value: string): string {
  const entities: ReadonlyMap<string, string> = new Map([
    ["&", "&amp;"],
    ["<", "&lt;"],
    [">", "&gt;"],
    ['"', "&#34;"],
    ["'", "&#39;"],
  ]);
  return value.replace(/[&<>"']/g, (char) => entities.get(char) ?? char);
}

/** Texts within a bound, so that a template cannot use up memory. */
export function bounded(value: string): string {
  if (value.length > maxChars) throw new TransformationFault("A template made a text that is too long.");
  return value;
}

/** Escapes a value for HTML and XML, as `autoescape` asks for. */
export function escaped(value: unknown): string {
  return escapeHtml(display(value));
}

/** The result of an operator. */
export function applyOperator(op: string, left: unknown, right: unknown): unknown {
  switch (op) {
    case "==":
      return left === right || (isEmptyValue(left) && isEmptyValue(right));
    case "!=":
      return !(left === right || (isEmptyValue(left) && isEmptyValue(right)));
    case "in":
      return typeof right === "string" ? right.includes(display(left)) : iterate(right).includes(left);
    case "~":
      return bounded(display(left) + display(right));
    case "<":
    case "<=":
    case ">":
    case ">=":
      return compare(op, left, right);
    default:
      return calculate(op, left, right);
  }
}

function isEmptyValue(value: unknown): boolean {
  return value === null || value === undefined;
}

function compare(op: string, left: unknown, right: unknown): boolean {
  const comparable =
    (typeof left === "number" && typeof right === "number") || (typeof left === "string" && typeof right === "string");
  if (!comparable) throw new TransformationFault(`A template cannot compare ${display(left)} with ${display(right)}.`);
  if (op === "<") return left < right;
  if (op === "<=") return left <= right;
  return op === ">" ? left > right : left >= right;
}

function calculate(op: string, left: unknown, right: unknown): unknown {
  if (op === "+" && typeof left === "string" && typeof right === "string") return bounded(left + right);
  if (op === "+" && Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  if (typeof left !== "number" || typeof right !== "number")
    throw new TransformationFault(`A template cannot calculate ${display(left)} ${op} ${display(right)}.`);
  switch (op) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    default:
      return left - Math.floor(left / right) * right;
  }
}

/** Whether a value passes a test such as `is defined`. */
export function applyTest(test: string, value: unknown): boolean {
  switch (test) {
    case "defined":
      return value !== undefined;
    case "none":
      return value === null;
    case "string":
    case "number":
      return typeof value === test;
    case "mapping":
      return value instanceof Map;
    default:
      return (
        Array.isArray(value) ||
        value instanceof Map ||
        value instanceof Set ||
        (isTruthy(value) && typeof value === "string")
      );
  }
}
