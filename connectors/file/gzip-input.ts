import type { FileHandle } from "node:fs/promises";
import { createGunzip, type Gunzip } from "node:zlib";
import type { ByteWindow } from "./byte-window.ts";
import type { Input, ReadResult } from "./file-input.ts";

const feedBytes = 16_384;
/** Compressed bytes fed at once where damage was met, so that all that stands before it is read. */
const fineBytes = 1;

/** The content of a gzip file (any number of members) from uncompressed `offset` on; what stands before is passed over. */
export class GzipInput implements Input {
  readonly #handle: FileHandle;
  #gunzip: Gunzip;
  #made: Uint8Array[] = [];
  #fault: Error | undefined;
  /** Uncompressed bytes made, and where the bytes to give out begin. */
  #madeBytes = 0;
  #wantedFrom: number;
  /** Compressed bytes fed, and from where on in small pieces. */
  #fed = 0;
  #fineFrom = Number.POSITIVE_INFINITY;
  #isEnded = false;

  constructor(handle: FileHandle, offset: number) {
    this.#handle = handle;
    this.#wantedFrom = offset;
    this.#gunzip = this.#start();
  }

  get consumed(): number {
    return this.#fed;
  }

  async read(window: ByteWindow, signal: AbortSignal): Promise<ReadResult> {
    while (!signal.aborted) {
      if (this.#giveOut(window)) return { kind: "data" };
      if (this.#fault !== undefined && this.#fed >= this.#fineFrom) return this.#damaged(this.#fault);
      if (this.#fault !== undefined) this.#restartFine();
      else if (this.#isEnded) return { kind: "end" };
      else await this.#feed();
    }
    return { kind: "end" };
  }

  async close(): Promise<void> {
    this.#gunzip.destroy();
    await this.#handle.close();
  }

  #start(): Gunzip {
    const gunzip = createGunzip();
    gunzip.on("error", () => {});
    gunzip.on("data", (chunk: Uint8Array) => this.#made.push(chunk));
    return gunzip;
  }

  #giveOut(window: ByteWindow): boolean {
    const before = window.end - window.start;
    for (const chunk of this.#made) {
      window.append(chunk.subarray(Math.max(0, Math.min(chunk.length, this.#wantedFrom - this.#madeBytes))));
      this.#madeBytes += chunk.length;
    }
    this.#made = [];
    this.#wantedFrom = Math.max(this.#wantedFrom, this.#madeBytes);
    return window.end - window.start > before;
  }

  /** The decompressor drops what it made of the piece in which it finds damage: goes there again in small pieces. */
  #restartFine(): void {
    this.#gunzip.destroy();
    this.#gunzip = this.#start();
    this.#fineFrom = this.#fed;
    this.#fed = 0;
    this.#madeBytes = 0;
    this.#isEnded = false;
    this.#fault = undefined;
  }

  /** Feeds one piece; at the end of the file, an incomplete member is a fault. */
  async #feed(): Promise<void> {
    const size = this.#fed >= this.#fineFrom ? fineBytes : Math.min(feedBytes, this.#fineFrom - this.#fed);
    const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(size), 0, size, this.#fed);
    const gunzip = this.#gunzip;
    const fault = await new Promise<Error | null | undefined>((resolve) => {
      gunzip.once("error", resolve);
      if (bytesRead === 0) gunzip.once("end", resolve).end();
      else gunzip.write(buffer.subarray(0, bytesRead), resolve);
    });
    gunzip.removeAllListeners("error").on("error", () => {});
    if (fault) this.#fault = fault;
    else this.#fed += bytesRead;
    this.#isEnded = bytesRead === 0;
  }

  #damaged(fault: Error): ReadResult {
    const place = `compressed byte ${this.#fed}, uncompressed byte ${this.#madeBytes}`;
    return { kind: "damaged", code: "gzip_corrupt", reason: `gzip data is damaged near ${place}: ${fault.message}` };
  }
}
