import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { ByteWindow } from "./byte-window.ts";
import type { Input, ReadResult } from "./file-input.ts";

/** How long a stream may be silent before the records at hand are passed on. */
const idleMs = 200;

/** A stream read once from its beginning, such as standard input; gzip is recognised by its first bytes. */
export class StreamInput implements Input {
  readonly #raw: Readable;
  #content: Readable;
  /** Whether the first bytes showed what the stream holds. */
  #isKnown = false;
  #consumed = 0;

  constructor(raw: Readable) {
    this.#raw = raw;
    this.#content = raw;
    raw.on("error", () => {});
  }

  get consumed(): number {
    return this.#consumed;
  }

  async read(window: ByteWindow, signal: AbortSignal): Promise<ReadResult> {
    for (;;) {
      if (signal.aborted) return { kind: "end" };
      const chunk: unknown = this.#content.read();
      if (chunk instanceof Uint8Array) {
        if (!this.#isKnown && this.#unpack(chunk)) continue;
        this.#consumed += chunk.length;
        window.append(chunk);
        return { kind: "data" };
      }
      if (this.#content.errored) return this.#damaged(this.#content.errored);
      if (this.#content.readableEnded || this.#content.destroyed) return { kind: "end" };
      if (!(await this.#wait(signal))) return { kind: "idle" };
    }
  }

  async close(): Promise<void> {
    if (this.#content !== this.#raw) this.#content.destroy();
    this.#raw.destroy();
  }

  /** True when the stream turned out to be compressed: what was read goes back and through the decompressor. */
  #unpack(first: Uint8Array): boolean {
    this.#isKnown = true;
    if (first[0] !== 0x1f || first[1] !== 0x8b) return false;
    this.#raw.unshift(first);
    this.#content = pipeline(this.#raw, createGunzip(), () => {});
    return true;
  }

  /** False when nothing happened for a while. */
  async #wait(signal: AbortSignal): Promise<boolean> {
    const stream = this.#content;
    const events = ["readable", "end", "error", "close"] as const;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const wake = () => resolve(true);
    const timer = setTimeout(resolve, idleMs, false);
    for (const event of events) stream.on(event, wake);
    signal.addEventListener("abort", wake);
    const woken = await promise;
    clearTimeout(timer);
    for (const event of events) stream.off(event, wake);
    signal.removeEventListener("abort", wake);
    return woken;
  }

  #damaged(fault: Error): ReadResult {
    const code = this.#content === this.#raw ? "stream_broken" : "gzip_corrupt";
    return { kind: "damaged", code, reason: `the stream broke off after byte ${this.#consumed}: ${fault.message}` };
  }
}
