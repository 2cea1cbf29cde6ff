/** Two words shared by all threads: whether native calls are still allowed, and how many run now. */
export type NativeGuardBuffer = SharedArrayBuffer;

const HALTED = 0;
const RUNNING = 1;

/** Creates the shared words. */
export function createNativeGuardBuffer(): NativeGuardBuffer {
  return new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
}

/**
 * Runs `call` unless the process is about to end; then it throws. Ending a thread inside the ONNX runtime's binding
 * aborts the whole process, whatever its exit code was to be; this is what `haltNativeCalls` waits for.
 */
export async function guardNativeCall<Result>(buffer: NativeGuardBuffer, call: () => Promise<Result>): Promise<Result> {
  const words = new Int32Array(buffer);
  Atomics.add(words, RUNNING, 1);
  try {
    if (Atomics.load(words, HALTED) === 1) throw new Error("the process is about to end");
    return await call();
  } finally {
    Atomics.sub(words, RUNNING, 1);
    Atomics.notify(words, RUNNING);
  }
}

/** Allows no further native calls and blocks until those under way have ended, `timeoutMs` at most. */
export function haltNativeCalls(buffer: NativeGuardBuffer, timeoutMs: number): void {
  const words = new Int32Array(buffer);
  Atomics.store(words, HALTED, 1);
  const deadline = performance.now() + timeoutMs;
  for (let running = Atomics.load(words, RUNNING); running > 0; running = Atomics.load(words, RUNNING)) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0 || Atomics.wait(words, RUNNING, running, leftMs) === "timed-out") return;
  }
}
