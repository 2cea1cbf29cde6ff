import type { Expression, Leaf } from "./expression.ts";
import { isNotConvertible } from "./not-convertible.ts";

/** An expression a target can say, or everything, or nothing. */
export type Approximation = Expression | { readonly kind: "everything" } | { readonly kind: "nothing" };

export interface Approximated {
  readonly expression: Approximation;
  /** Why parts were left out; empty when the expression is the exact one. */
  readonly reasons: readonly string[];
}

const everything = { kind: "everything" } as const;
const nothing = { kind: "nothing" } as const;

/**
 * Leaves out what a target cannot say, so that all events that satisfy the expression still satisfy the result: a comparison that
 * cannot be written holds for everything, one that is negated for nothing. `write` throws `sigma_not_convertible` for such.
 */
export function approximate(expression: Expression, write: (leaf: Leaf) => unknown): Approximated {
  const reasons = new Set<string>();
  return { expression: widen(expression, write, true, reasons), reasons: [...reasons] };
}

/** A superset where `wide`, else a subset. */
function widen(
  expression: Expression,
  write: (leaf: Leaf) => unknown,
  wide: boolean,
  reasons: Set<string>,
): Approximation {
  switch (expression.kind) {
    case "and":
    case "or": {
      const operands = expression.operands.map((operand) => widen(operand, write, wide, reasons));
      return joined(expression.kind, operands);
    }
    case "not": {
      const inner = widen(expression.operand, write, !wide, reasons);
      if (inner.kind === "everything") return nothing;
      return inner.kind === "nothing" ? everything : { kind: "not", operand: inner };
    }
    default:
      try {
        write(expression);
        return expression;
      } catch (error) {
        if (!isNotConvertible(error)) throw error;
        reasons.add(error.message);
        return wide ? everything : nothing;
      }
  }
}

function joined(kind: "and" | "or", operands: readonly Approximation[]): Approximation {
  const absorbing = kind === "and" ? nothing : everything;
  if (operands.some((operand) => operand.kind === absorbing.kind)) return absorbing;
  const left = operands.filter((operand) => operand.kind !== "everything" && operand.kind !== "nothing");
  const [first] = left;
  if (first === undefined) return kind === "and" ? everything : nothing;
  return left.length === 1 ? first : { kind, operands: left };
}
