/** How a mapping's time field is written. */
export const timeFormats = ["rfc3339", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns"] as const;
export type TimeFormat = (typeof timeFormats)[number];

const msPerDay = 86_400_000;
const decimal = /^(-?\d{1,20})(?:\.(\d{1,20}))?$/;
const dateTime = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,20}))?\s?(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?$/;
/** From the year 1973 to 2286, so that no seconds are taken for milliseconds. */
const millis = /^\d{12,13}$/;
/** Decimal places from the format's unit up to a millisecond; negative: down. */
const digitsBelowMs = { epoch_s: -3, epoch_ms: 0, epoch_us: 3, epoch_ns: 6 } as const;

/**
 * Milliseconds since 1970, with a fraction where the text is finer; undefined when it is no time of this format.
 *
 * `rfc3339` takes any number of fraction digits, a space for the `T`, no zone (then it is UTC), and milliseconds since
 * 1970 of 12 or 13 digits, which date fields of search servers hold as well. Epoch formats take
 * numbers and decimal strings of any length. The fraction is as exact as a double allows (about 0.2 µs today).
 */
export function parseTime(format: TimeFormat, text: string): number | undefined {
  if (format === "rfc3339") return parseDateTime(text);
  return parseEpoch(text, digitsBelowMs[format]);
}

function parseDateTime(text: string): number | undefined {
  const utc = text.length <= 40 ? parseUtc(text) : undefined;
  if (utc !== undefined || text.length > 40) return utc;
  const match = dateTime.exec(text);
  if (match === null) return millis.test(text) ? Number(text) : undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const base = dateMs(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second));
  if (base === undefined) return undefined;
  return base - zoneMs(zone) + (fraction === undefined ? 0 : fractionMs(fraction, 0, fraction.length));
}

/** The usual form, `2026-01-02T03:04:05[.ddd…]Z`, without a regex: this runs once a document. */
function parseUtc(text: string): number | undefined {
  const end = text.length - 1;
  if (end < 19 || text.charCodeAt(end) !== 90 || text.charCodeAt(10) !== 84) return undefined;
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return undefined;
  const fractionAt = text.charCodeAt(19);
  if (end > 19 && (fractionAt !== 46 || end === 20)) return undefined;
  const ms = end > 19 ? fractionMs(text, 20, end) : 0;
  if (Number.isNaN(ms)) return undefined;
  const base = dateMs(
    digits(text, 0, 4),
    digits(text, 5, 7),
    digits(text, 8, 10),
    digits(text, 11, 13),
    digits(text, 14, 16),
    digits(text, 17, 19),
  );
  return base === undefined ? undefined : base + ms;
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** The digits after the decimal point of a second, as milliseconds; NaN on anything else. Past 15 digits a double sees none. */
function fractionMs(text: string, from: number, to: number): number {
  const used = Math.min(to, from + 15);
  const value = digits(text, from, used);
  return Number.isNaN(digits(text, used, to)) ? Number.NaN : value / 10 ** (used - from - 3);
}

function dateMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  // Negated, so that NaN fails too; second 60 is a leap second.
  const valid = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 24 && minute <= 59 && second <= 60;
  if (!valid || Number.isNaN(year)) return undefined;
  return daysSince1970(year, month, day) * msPerDay + hour * 3_600_000 + minute * 60_000 + second * 1000;
}

/** Days of the proleptic Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function zoneMs(zone: string | undefined): number {
  const sign = zone?.[0];
  if (zone === undefined || (sign !== "+" && sign !== "-")) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(":", "") || "0");
  return (sign === "-" ? -minutes : minutes) * 60_000;
}

/** Moves the decimal point in the text, so that no digit is lost before the last step. */
function parseEpoch(text: string, below: number): number | undefined {
  const match = decimal.exec(text);
  if (match === null) return undefined;
  const [, whole = "", fraction = ""] = match;
  const sign = whole.startsWith("-") ? "-" : "";
  const all =
    whole.slice(sign.length).padStart(Math.max(below, 0) + 1, "0") + fraction.padEnd(Math.max(-below, 0), "0");
  const point = all.length - Math.max(fraction.length, Math.max(-below, 0)) - below;
  return Number(`${sign}${all.slice(0, point)}.${all.slice(point)}0`);
}
