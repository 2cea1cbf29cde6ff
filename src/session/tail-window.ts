/** Length of the tail that the `tail16_*` features look at. */
const size = 16;

/** The last 16 events of a segment: intensity, whether tagged, number of markers. */
export class TailWindow {
  readonly #intensity: number[] = [];
  readonly #tagged: number[] = [];
  readonly #markers: number[] = [];
  #next = 0;

  add(intensity: number, tagged: number, markers: number): void {
    this.#intensity[this.#next] = intensity;
    this.#tagged[this.#next] = tagged;
    this.#markers[this.#next] = markers;
    this.#next = (this.#next + 1) % size;
  }

  get intensityMean(): number {
    return mean(this.#intensity);
  }

  get intensityMax(): number {
    let max = 0;
    for (let i = 0; i < this.#intensity.length; i += 1) max = Math.max(max, this.#intensity[i] ?? 0);
    return max;
  }

  get taggedRatio(): number {
    return mean(this.#tagged);
  }

  get markerMean(): number {
    return mean(this.#markers);
  }
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i] ?? 0;
  return sum / Math.max(values.length, 1);
}
