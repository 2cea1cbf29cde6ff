/** One number, one a kind of things, or none to be told. */
type Values = number | undefined | Readonly<Record<string, number>>;

/** A metric in Prometheus' text format, version 0.0.4; `label` names what tells its kinds apart. Empty without values. */
export function metric(name: string, type: "counter" | "gauge", help: string, values: Values, label = ""): string {
  if (values === undefined) return "";
  const full = `tagsmith_${name}`;
  const samples =
    typeof values === "number"
      ? [`${full} ${values}\n`]
      : Object.entries(values).map(([kind, value]) => `${full}{${label}="${escapeLabel(kind)}"} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${samples.join("")}`;
}

/** How often values were at most so large. */
interface Histogram {
  add(value: number): void;
  counts(): HistogramCounts;
}

export interface HistogramCounts {
  /** Values at most as large as each bound, smaller ones included. */
  readonly buckets: Readonly<Record<string, number>>;
  readonly sum: number;
  readonly count: number;
}

/** Counts values up to each of `bounds`, which rise. */
export function createHistogram(bounds: readonly number[]): Histogram {
  const counts = bounds.map(() => 0);
  let [sum, count] = [0, 0];
  return {
    add(value) {
      sum += value;
      count += 1;
      for (const [place, bound] of bounds.entries()) if (value <= bound) counts[place] = (counts[place] ?? 0) + 1;
    },
    counts: () => ({
      buckets: Object.fromEntries(bounds.map((bound, place) => [String(bound), counts[place] ?? 0])),
      sum,
      count,
    }),
  };
}

/** A histogram in the same format. */
export function histogram(name: string, help: string, { buckets, sum, count }: HistogramCounts): string {
  const full = `tagsmith_${name}`;
  const lines = [...Object.entries(buckets), ["+Inf", count] as const].map(
    ([bound, value]) => `${full}_bucket{le="${bound}"} ${value}\n`,
  );
  const head = `# HELP ${full} ${help}\n# TYPE ${full} histogram\n`;
  return `${head}${lines.join("")}${full}_sum ${sum}\n${full}_count ${count}\n`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
