const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;

/** Where a scan stopped. */
export type ScanEnd =
  /** `at` is one past the value. */
  | { readonly kind: "closed"; readonly at: number }
  /** A newline inside a string: no JSON value goes on there. `at` is the newline. */
  | { readonly kind: "string_cut"; readonly at: number }
  /** A closing bracket of the wrong kind; `at` is one past it. */
  | { readonly kind: "mismatch"; readonly at: number }
  /** A newline inside an object or array; `at` is the newline. Call again to go on after it. */
  | { readonly kind: "line_end"; readonly at: number }
  | { readonly kind: "more" };

/** Finds the end of a JSON value that begins with `{`, `[` or `"`, over any number of chunks, without building it. */
export class ValueScanner {
  /** Expected closing brackets, innermost last. */
  readonly #closers: number[] = [];
  #inString = false;
  #escaped = false;
  /** Newlines seen inside the value. */
  lines = 0;
  /** Last byte seen that is not white space. */
  previous = 0;

  /** True inside an array, false inside an object. */
  get inArray(): boolean {
    return this.#closers.at(-1) === 0x5d;
  }

  /** Goes on at `from`; all bytes before `end` are seen unless the value ends earlier. */
  scan(bytes: Uint8Array, from: number, end: number): ScanEnd {
    let at = from;
    while (at < end) {
      if (this.#inString) {
        at = this.#scanString(bytes, at, end);
        if (this.#inString) return at < end ? { kind: "string_cut", at } : { kind: "more" };
        if (this.#closers.length === 0) return { kind: "closed", at };
        continue;
      }
      const byte = bytes[at] ?? 0;
      at += 1;
      if (byte === newline) {
        this.lines += 1;
        return { kind: "line_end", at: at - 1 };
      }
      if (byte <= 0x20) continue;
      this.previous = byte;
      if (byte === quote) this.#inString = true;
      else if (byte === 0x7b || byte === 0x5b) this.#closers.push(byte + 2);
      else if (byte === 0x7d || byte === 0x5d) {
        if (this.#closers.pop() !== byte) return { kind: "mismatch", at };
        if (this.#closers.length === 0) return { kind: "closed", at };
      }
    }
    return { kind: "more" };
  }

  /** Returns one past the closing quote, or the newline that cuts the string (then still in it), or `end`. */
  #scanString(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    if (this.#escaped && at < end && bytes[at] !== newline) {
      this.#escaped = false;
      at += 1;
    }
    for (; at < end; at += 1) {
      const byte = bytes[at];
      if (byte === quote) {
        this.#inString = false;
        this.previous = quote;
        return at + 1;
      }
      if (byte === newline) return at;
      if (byte === backslash) {
        this.#escaped = at + 1 >= end;
        if (bytes[at + 1] !== newline) at += 1;
      }
    }
    return end;
  }
}
