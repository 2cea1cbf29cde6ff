/** A modifier that cannot be applied to a value. */
export interface Refusal {
  readonly kind: "refusal";
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}
