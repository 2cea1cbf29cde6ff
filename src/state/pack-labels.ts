/** Bytes of one label: the tag index (16 bit) and the score (64 bit, so that a verdict recomputed from here is the same). */
const labelBytes = 10;

type PackedLabels = readonly (readonly [tagIndex: number, score: number])[];

/** Packs labels into `scratch` when they fit, so that the caller can reuse it for each event. */
export function packLabels(labels: PackedLabels, scratch: Uint8Array): Uint8Array {
  const size = labels.length * labelBytes;
  const bytes = size <= scratch.length ? scratch.subarray(0, size) : new Uint8Array(size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  let at = 0;
  for (const [tagIndex, score] of labels) {
    view.setUint16(at, tagIndex, true);
    view.setFloat64(at + 2, score, true);
    at += labelBytes;
  }
  return bytes;
}

/** The labels `packLabels` wrote. */
export function unpackLabels(bytes: Uint8Array): [tagIndex: number, score: number][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const labels: [number, number][] = [];
  for (let at = 0; at + labelBytes <= bytes.byteLength; at += labelBytes) {
    labels.push([view.getUint16(at, true), view.getFloat64(at + 2, true)]);
  }
  return labels;
}
