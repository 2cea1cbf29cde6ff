/** A growing stretch of a byte stream: bytes are appended at the end and dropped at the start. */
export class ByteWindow {
  bytes = Buffer.alloc(0);
  /** First byte that is still needed, as an index into `bytes`. */
  start = 0;
  /** One past the last byte, as an index into `bytes`. */
  end = 0;

  /** Room for `size` more bytes from `end` on; indexes into `bytes` taken earlier are void afterwards. */
  reserve(size: number): Buffer {
    if (this.bytes.length - this.end >= size) return this.bytes;
    const needed = this.end - this.start + size;
    const target =
      needed <= this.bytes.length ? this.bytes : Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(target, 0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
    this.bytes = target;
    return target;
  }

  append(chunk: Uint8Array): void {
    this.reserve(chunk.length).set(chunk, this.end);
    this.end += chunk.length;
  }

  /** Gives the memory back when nothing is held. */
  release(): void {
    if (this.start < this.end) return;
    this.bytes = Buffer.alloc(0);
    this.start = 0;
    this.end = 0;
  }
}
