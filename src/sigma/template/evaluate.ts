import type { Expression } from "./expression.ts";
import { applyFunction, applyOperator, applyTest } from "./functions.ts";
import { isTruthy, memberOf, type Scope } from "./template-value.ts";

/** The value of an expression; a name that is not there is undefined and prints as nothing. */
export function evaluate(node: Expression, scope: Scope): unknown {
  switch (node.kind) {
    case "value":
      return node.value;
    case "name":
      return scope.get(node.name);
    case "list":
      return node.items.map((item) => evaluate(item, scope));
    case "member":
      return memberOf(evaluate(node.of, scope), evaluate(node.key, scope));
    case "apply":
      return applyFunction(
        node.function,
        node.args.map((arg) => evaluate(arg, scope)),
      );
    case "not":
      return !isTruthy(evaluate(node.of, scope));
    case "test":
      return applyTest(node.test, evaluate(node.of, scope)) !== node.not;
    case "choose":
      return evaluate(isTruthy(evaluate(node.test, scope)) ? node.yes : node.no, scope);
    case "binary":
      return evaluateBinary(node, scope);
  }
}

function evaluateBinary({ op, left, right }: Expression & { readonly kind: "binary" }, scope: Scope): unknown {
  const first = evaluate(left, scope);
  if (op === "and") return isTruthy(first) ? evaluate(right, scope) : first;
  if (op === "or") return isTruthy(first) ? first : evaluate(right, scope);
  return applyOperator(op, first, evaluate(right, scope));
}
