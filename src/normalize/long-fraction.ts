/** A double gives back so many digits of any number; with as many or more, the number may have had more. */
const safeDigits = 15;

/**
 * Whether a value holds a number with a fraction as long as a double gives: a server that leaves fields out writes fractions anew,
 * and digits that a double does not hold are gone.
 */
export function hasLongFraction(value: unknown): boolean {
  if (typeof value === "number") return !Number.isInteger(value) && digitsOf(value) >= safeDigits;
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(hasLongFraction);
  for (const inner of Object.values(value)) if (hasLongFraction(inner)) return true;
  return false;
}

function digitsOf(value: number): number {
  return String(value).replaceAll(/[-.]|e.*$/g, "").length;
}
