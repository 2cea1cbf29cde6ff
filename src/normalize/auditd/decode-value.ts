const unsetValues: ReadonlySet<string> = new Set(["4294967295", "-1", "unset", "(null)", "?", "(none)", ""]);
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** A value as written, or undefined for the kernel's ways of saying that there is none. */
export function setValue(raw: string | undefined): string | undefined {
  if (raw === undefined) return undefined;
  const value = unquote(raw);
  return unsetValues.has(value) ? undefined : value;
}

/** A string the kernel may have hex-encoded: quoted is literal, unquoted hex is decoded, unset is undefined. */
export function decodedValue(raw: string | undefined): string | undefined {
  if (raw === undefined || unsetValues.has(raw)) return undefined;
  return decodeValue(raw);
}

/**
 * Quoted is literal; unquoted even-length hex is the bytes of the value, as UTF-8 with replacement; the rest is literal.
 *
 * Shippers that drop the quotes leave `a1=10` or `a0=dd`: hex of digits or of small letters alone that gives no printable
 * character is taken as it stands, since the kernel writes capitals.
 */
export function decodeValue(raw: string): string {
  if (raw.charCodeAt(0) === 34) return unquote(raw);
  return hexToText(raw) ?? raw;
}

/** Text of hex digits, or undefined when it is not hex, or hex only by chance. */
function hexToText(raw: string): string | undefined {
  if (!isHex(raw)) return undefined;
  const bytes = Buffer.from(raw, "hex");
  if ((allDigits(raw) || allSmallLetters(raw)) && !bytes.some((byte) => byte > 0x20 && byte < 0x7f)) return undefined;
  return decoder.decode(bytes);
}

/**
 * Whether a value that lost its quotes must have had none: hex of the kind the kernel writes, in capitals, and of bytes
 * that it never writes as they are. Digits alone are a number, unless they are too many for one.
 */
export function encodedByKernel(raw: string): boolean {
  if (!isHex(raw) || /[a-f]/.test(raw) || (allDigits(raw) && raw.length < 20)) return false;
  return Buffer.from(raw, "hex").some((byte) => byte < 0x21 || byte === 0x22 || byte > 0x7e);
}

export function unquote(raw: string): string {
  const last = raw.length - 1;
  if (last < 1) return raw === '"' ? "" : raw;
  const quote = raw.charCodeAt(0);
  if (quote !== 34 && quote !== 39) return raw;
  return raw.slice(1, raw.charCodeAt(last) === quote ? last : raw.length);
}

export function isHex(raw: string): boolean {
  if (raw.length === 0 || raw.length % 2 !== 0) return false;
  for (let at = 0; at < raw.length; at += 1) {
    const code = raw.charCodeAt(at);
    if (!((code >= 48 && code <= 57) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102))) return false;
  }
  return true;
}

function allDigits(raw: string): boolean {
  return every(raw, 48, 57);
}

function allSmallLetters(raw: string): boolean {
  return every(raw, 97, 102);
}

function every(raw: string, low: number, high: number): boolean {
  for (let at = 0; at < raw.length; at += 1) {
    const code = raw.charCodeAt(at);
    if (code < low || code > high) return false;
  }
  return true;
}
