import { createHash } from "node:crypto";
import type { Config } from "../config/config-schema.ts";

/** Names what the labels and verdicts of a run follow from, and where they go; `more` is part of it. */
export function fingerprintOf(
  config: Config,
  model: string,
  sinkTarget: string | undefined,
  more: readonly unknown[] = [],
): string {
  const sink = sinkTarget ?? Object.entries(config.sink).sort(([a], [b]) => (a < b ? -1 : 1));
  const { top_k, tier } = config.label;
  const facts = JSON.stringify([model, top_k, tier, config.session, config.source.type, sink, ...more]);
  return createHash("sha256").update(facts).digest("hex").slice(0, 16);
}
