import { TransformationFault } from "../pipeline/pipeline-run.ts";
import type { Expression } from "./expression.ts";
import { functionNames } from "./functions.ts";

const token =
  /\s*(?:("(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*')|(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(==|!=|<=|>=|[-+*/%~|.,()[\]<>=]))/y;

/** Deepest nesting of an expression. */
const maxDepth = 64;

/** Reads one expression; throws TransformationFault at what it does not know. */
export function parseExpression(text: string): Expression {
  const reader = createReader(text);
  const expression = readChoice(reader, 0);
  if (reader.peek() !== undefined) throw reader.fault();
  return expression;
}

interface Reader {
  peek(): string | undefined;
  /** Takes the next token when it is one of these. */
  accept(...tokens: readonly string[]): string | undefined;
  expect(wanted: string): void;
  next(): string;
  fault(): TransformationFault;
}

function createReader(text: string): Reader {
  const tokens: string[] = [];
  token.lastIndex = 0;
  for (let from = 0; from < text.trimEnd().length; from = token.lastIndex) {
    token.lastIndex = from;
    const match = token.exec(text);
    if (match === null)
      throw new TransformationFault(`The template expression ${JSON.stringify(text.trim())} cannot be read.`);
    tokens.push(match[0].trimStart());
  }
  let index = 0;
  const reader: Reader = {
    peek: () => tokens[index],
    accept: (...wanted) => {
      const found = tokens[index];
      if (found === undefined || !wanted.includes(found)) return undefined;
      index += 1;
      return found;
    },
    expect: (wanted) => {
      if (reader.accept(wanted) === undefined) throw reader.fault();
    },
    next: () => {
      const found = tokens[index];
      if (found === undefined) throw reader.fault();
      index += 1;
      return found;
    },
    fault: () =>
      new TransformationFault(
        `In the template expression ${JSON.stringify(text.trim())}, ${tokens[index] ?? "the end"} is not expected.`,
      ),
  };
  return reader;
}

function readChoice(reader: Reader, depth: number): Expression {
  if (depth > maxDepth) throw new TransformationFault("A template expression is nested too deep.");
  const yes = readBinary(reader, 0, depth);
  if (reader.accept("if") === undefined) return yes;
  const test = readBinary(reader, 0, depth);
  const no = reader.accept("else") === undefined ? nothing : readChoice(reader, depth + 1);
  return { kind: "choose", test, yes, no };
}

const nothing: Expression = { kind: "value", value: undefined };

/** Operators, those that bind least first. */
const levels: readonly (readonly string[])[] = [
  ["or"],
  ["and"],
  ["==", "!=", "<", "<=", ">", ">=", "in", "not"],
  ["~"],
  ["+", "-"],
  ["*", "/", "%"],
];

function readBinary(reader: Reader, level: number, depth: number): Expression {
  const ops = levels[level];
  if (ops === undefined) return readUnary(reader, depth);
  if (level === 2 && reader.accept("not") !== undefined) return { kind: "not", of: readNot(reader, depth + 1) };
  let left = readBinary(reader, level + 1, depth);
  for (let op = reader.accept(...ops); op !== undefined; op = reader.accept(...ops)) {
    if (op === "not") reader.expect("in");
    const right = readBinary(reader, level + 1, depth);
    left =
      op === "not"
        ? { kind: "not", of: { kind: "binary", op: "in", left, right } }
        : { kind: "binary", op, left, right };
  }
  return left;
}

function readNot(reader: Reader, depth: number): Expression {
  if (depth > maxDepth) throw new TransformationFault("A template expression is nested too deep.");
  return readBinary(reader, 2, depth);
}

function readUnary(reader: Reader, depth: number): Expression {
  if (reader.accept("-") !== undefined)
    return { kind: "binary", op: "-", left: { kind: "value", value: 0 }, right: readPostfix(reader, depth) };
  return readPostfix(reader, depth);
}

function readPostfix(reader: Reader, depth: number): Expression {
  let node = readPrimary(reader, depth);
  for (;;) {
    if (reader.accept(".") !== undefined) node = readDot(reader, node, depth);
    else if (reader.accept("[") !== undefined) {
      node = { kind: "member", of: node, key: readChoice(reader, depth + 1) };
      reader.expect("]");
    } else if (reader.accept("|") !== undefined) node = readFunction(reader, node, reader.next(), depth);
    else if (reader.accept("is") !== undefined) node = readTest(reader, node);
    else return node;
  }
}

function readDot(reader: Reader, of: Expression, depth: number): Expression {
  const name = reader.next();
  if (reader.peek() === "(") return readFunction(reader, of, name, depth);
  return { kind: "member", of, key: { kind: "value", value: /^\d+$/.test(name) ? Number(name) : name } };
}

/** `value | name(args)` and `value.name(args)` mean the same. */
function readFunction(reader: Reader, of: Expression, name: string, depth: number): Expression {
  if (!functionNames.has(name)) throw new TransformationFault(`Templates have no function ${JSON.stringify(name)}.`);
  const args = reader.accept("(") === undefined ? [] : readList(reader, ")", depth);
  return { kind: "apply", function: name, args: [of, ...args] };
}

function readTest(reader: Reader, of: Expression): Expression {
  const not = reader.accept("not") !== undefined;
  const test = reader.next();
  if (!["defined", "none", "string", "number", "mapping", "iterable"].includes(test.toLowerCase()))
    throw new TransformationFault(`Templates have no test ${JSON.stringify(test)}.`);
  return { kind: "test", of, test: test.toLowerCase(), not };
}

function readList(reader: Reader, end: string, depth: number): Expression[] {
  const items: Expression[] = [];
  while (reader.accept(end) === undefined) {
    if (items.length > 0) reader.expect(",");
    // Names of arguments, as in indent=2, are left out: there is at most one.
    const item = readChoice(reader, depth + 1);
    items.push(item.kind === "name" && reader.accept("=") !== undefined ? readChoice(reader, depth + 1) : item);
  }
  return items;
}

const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);

function readPrimary(reader: Reader, depth: number): Expression {
  const found = reader.next();
  if (found === "(") {
    const inner = readChoice(reader, depth + 1);
    reader.expect(")");
    return inner;
  }
  if (found === "[") return { kind: "list", items: readList(reader, "]", depth) };
  if (/^["']/.test(found)) return { kind: "value", value: unquote(found) };
  if (/^\d/.test(found)) return { kind: "value", value: Number(found) };
  if (words.has(found)) return { kind: "value", value: words.get(found) };
  if (/^[A-Za-z_]/.test(found)) return { kind: "name", name: found };
  throw new TransformationFault(`In a template expression, ${found} is not expected.`);
}

function unquote(text: string): string {
  const escapes: ReadonlyMap<string, string> = new Map([
    ["n", "\n"],
    ["t", "\t"],
    ["r", "\r"],
  ]);
  return text.slice(1, -1).replace(/\\([\s\S])/g, (_all, char: string) => escapes.get(char) ?? char);
}
