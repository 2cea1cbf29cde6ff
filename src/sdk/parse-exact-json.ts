/** A number long enough that a double may not hold all its digits; in a string it costs a second look. */
const longNumber = /[\s:,[-]\d[\d.]{15}/;
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const minChars = 16;

/**
 * As `JSON.parse`, but a number with more digits than a double holds comes as the string of its digits: identifiers of
 * 64 bits, and times in nanoseconds, stay what they are. Throws SyntaxError on what `JSON.parse` refuses.
 */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!longNumber.test(text)) return value;
  const quoted = quoteLongNumbers(text);
  return quoted === text ? value : JSON.parse(quoted);
}

/** Puts quotes around the numbers that would lose digits; the text is known to be JSON. */
function quoteLongNumbers(text: string): string {
  let quoted = "";
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at + 1);
    else if (code === 0x2d || isDigit(code)) {
      const end = endOfNumber(text, at);
      if (losesDigits(text, at, end)) {
        quoted += `${text.slice(copied, at)}"${text.slice(at, end)}"`;
        copied = end;
      }
      at = end;
    } else at += 1;
  }
  return quoted + text.slice(copied);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Behind the quote that an even number of backslashes precedes. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (before > from && text.charCodeAt(before - 1) === 0x5c) before -= 1;
    if ((at - before) % 2 === 0) return at + 1;
  }
  return text.length;
}

function endOfNumber(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && /[\d.eE+-]/.test(text.charAt(at))) at += 1;
  return at;
}

function losesDigits(text: string, from: number, end: number): boolean {
  if (end - from < minChars) return false;
  const digits = text.slice(from, end);
  if (!number.test(digits)) return false;
  return String(Number(digits)) !== (digits.includes(".") ? withoutZeros(digits) : digits);
}

/** Without the zeros that end a fraction. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (digits.charAt(end - 1) === "0") end -= 1;
  return digits.slice(0, digits.charAt(end - 1) === "." ? end - 1 : end);
}
