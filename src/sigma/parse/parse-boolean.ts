import { limits } from "../limits.ts";

/** Where a text with a grammar of its own goes wrong. */
export class SyntaxFault extends Error {
  readonly code: string;
  readonly hint: string;
  readonly offset: number;

  constructor(code: string, message: string, hint: string, offset: number) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.offset = offset;
  }
}

/** The words of the text, for reading operands. */
export interface Syntax {
  peek(): string | undefined;
  /** The next word; `expected` says what the text lacks when there is none. */
  take(expected: string): string;
  /** Where the next word starts. */
  offset(): number;
}

/** A language of operands under `or`, `and`, `not` and parentheses, binding in this order, least first. */
export interface BooleanGrammar<Node> {
  readonly token: RegExp;
  readonly operand: (syntax: Syntax) => Node;
  readonly combine: (kind: "and" | "or", operands: readonly Node[]) => Node;
  readonly negate: (operand: Node) => Node;
}

/** Reads the whole text, or throws SyntaxFault. Operands of one level are one node: `a and b and c` has three. */
export function parseBoolean<Node>(text: string, grammar: BooleanGrammar<Node>): Node {
  if (text.length > limits.conditionChars) {
    const message = `The condition has more than ${limits.conditionChars} characters.`;
    throw new SyntaxFault("condition_too_large", message, "Use 1 of and all of, or split the rule.", 0);
  }
  const words = [...text.matchAll(grammar.token)];
  let index = 0;
  const syntax: Syntax = {
    peek: () => words[index]?.[0],
    offset: () => words[index]?.index ?? text.length,
    take: (expected) => {
      const word = words[index]?.[0];
      if (word === undefined || word === ")" || word === "(") throw expectedFault(expected, word, syntax.offset());
      index += 1;
      return word;
    },
  };
  const skip = (): void => {
    index += 1;
  };
  const node = readOr(syntax, skip, grammar, 0);
  const rest = syntax.peek();
  if (rest !== undefined) throw expectedFault("and, or, or the end", rest, syntax.offset());
  return node;
}

function expectedFault(expected: string, found: string | undefined, offset: number): SyntaxFault {
  const message = `Expected ${expected}, found ${found === undefined ? "the end" : JSON.stringify(found)}.`;
  const lower = found?.toLowerCase();
  const hint =
    lower !== found && /^(?:and|or|not)$/.test(lower ?? "")
      ? "Write operators in lower case: and, or, not."
      : "Check operators and parentheses: a and not (b or c).";
  return new SyntaxFault("condition_syntax", message, hint, offset);
}

function readOr<Node>(syntax: Syntax, skip: () => void, grammar: BooleanGrammar<Node>, depth: number): Node {
  return readList("or", () => readAnd(syntax, skip, grammar, depth), syntax, skip, grammar);
}

function readAnd<Node>(syntax: Syntax, skip: () => void, grammar: BooleanGrammar<Node>, depth: number): Node {
  return readList("and", () => readNot(syntax, skip, grammar, depth), syntax, skip, grammar);
}

function readList<Node>(
  word: "and" | "or",
  read: () => Node,
  syntax: Syntax,
  skip: () => void,
  grammar: BooleanGrammar<Node>,
): Node {
  const first = read();
  if (syntax.peek() !== word) return first;
  const operands = [first];
  while (syntax.peek() === word) {
    skip();
    operands.push(read());
  }
  return grammar.combine(word, operands);
}

function readNot<Node>(syntax: Syntax, skip: () => void, grammar: BooleanGrammar<Node>, depth: number): Node {
  if (depth > limits.conditionDepth) {
    const message = `The condition is nested deeper than ${limits.conditionDepth}.`;
    throw new SyntaxFault("condition_too_deep", message, "Split it into selections or rules.", syntax.offset());
  }
  const word = syntax.peek();
  if (word === "not") {
    skip();
    return grammar.negate(readNot(syntax, skip, grammar, depth + 1));
  }
  if (word !== "(") return grammar.operand(syntax);
  skip();
  const inner = readOr(syntax, skip, grammar, depth + 1);
  if (syntax.peek() !== ")") throw expectedFault("a closing parenthesis", syntax.peek(), syntax.offset());
  skip();
  return inner;
}
