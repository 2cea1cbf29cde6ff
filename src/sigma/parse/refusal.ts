/** A modifier that cannot be applied to a value. */
export interface Refusal {
  readonly kind: "refusal";
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Says why a modifier cannot be applied, and what to write instead. */
export function refusal(code: string, message: string, hint: string): Refusal {
  return { kind: "refusal", code, message, hint };
}
