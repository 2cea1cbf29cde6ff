/** Parsed expression of a template. */
export type Expression =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "member"; readonly of: Expression; readonly key: Expression }
  | { readonly kind: "apply"; readonly function: string; readonly args: readonly Expression[] }
  | { readonly kind: "not"; readonly of: Expression }
  | { readonly kind: "test"; readonly of: Expression; readonly test: string; readonly not: boolean }
  | { readonly kind: "choose"; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: "binary"; readonly op: string; readonly left: Expression; readonly right: Expression };
