import type { Scalar } from "../ast.ts";

const words: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"].map((word) => [word, false] as const),
]);

const integer = /^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*(?::[0-5]?[0-9])*)$/;
const float =
  /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|\.(?:inf|Inf|INF))$|^\.(?:nan|NaN|NAN)$/;

/**
 * What an unquoted scalar means: YAML 1.1 as the tools of the Sigma community read it (`yes` is true, `0x17` is 23,
 * `010` is 8, `1:30` is 90, `1e5` is text), but dates stay text.
 */
export function plainScalar(text: string): Scalar {
  const first = text.charCodeAt(0);
  // Most texts of rules start with a backslash or a wildcard, or are long.
  if (first === 0x5c || first === 0x2a || text.length > 64) return text;
  const word = words.get(text);
  if (word !== undefined) return word;
  // Numbers start with a digit, a sign or a dot.
  if (first > 0x39 || first < 0x2b || first === 0x2f || first === 0x2c) return text;
  if (integer.test(text)) return toInteger(text.replaceAll("_", ""));
  if (float.test(text)) return toFloat(text.replaceAll("_", ""));
  return text;
}

function toInteger(text: string): Scalar {
  const negative = text.startsWith("-");
  const digits = text.replace(/^[-+]/, "");
  const magnitude = unsignedInteger(digits);
  return negative && magnitude !== 0 ? -magnitude : magnitude;
}

function unsignedInteger(digits: string): number {
  if (/^0[bx]/.test(digits)) return Number(digits);
  if (digits.includes(":")) return sexagesimal(digits);
  return digits.length > 1 && digits.startsWith("0") ? Number.parseInt(digits, 8) : Number(digits);
}

function toFloat(text: string): Scalar {
  const negative = text.startsWith("-");
  const digits = text.replace(/^[-+]/, "").toLowerCase();
  const magnitude = digits === ".inf" ? Number.POSITIVE_INFINITY : digits === ".nan" ? Number.NaN : sexagesimal(digits);
  return negative ? -magnitude : magnitude;
}

function sexagesimal(digits: string): number {
  return digits.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}
