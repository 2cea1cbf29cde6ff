import type { Config } from "../config/config-schema.ts";
import type { TagsmithError } from "../event/tagsmith-error.ts";
import { withTicks } from "../pipeline/with-ticks.ts";
import type { SourceRecord } from "../sdk/document.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { findConnector, settingsOf } from "./find-connector.ts";
import { oneLine, type Terminal } from "./terminal.ts";

/** A live source that gives nothing for so long has no more for a sample. */
const quietMs = 10_000;

/**
 * At most `most` records of the source a configuration names, from its configured start, as batches. Nothing is stored.
 * Throws what the connector throws.
 */
export async function* sampleSource(
  config: Config,
  most: number,
  registry: ConnectorRegistry,
  terminal: Terminal,
): AsyncGenerator<readonly SourceRecord[]> {
  const onWait = (error: TagsmithError, waitMs: number): void => {
    terminal.err.write(`${oneLine(error.message)} Trying again in ${(waitMs / 1000).toFixed(1)} s.\n`);
  };
  const source = findConnector(registry, config.source.type, "source").createSource(settingsOf(config.source), {
    onWait,
  });
  const reading = new AbortController();
  let left = most;
  try {
    const batches = source.read(undefined, reading.signal);
    const tickMs = source.isLive === true ? quietMs : undefined;
    for await (const step of withTicks(batches, tickMs, () => reading.abort())) {
      if (step.kind === "tick") return;
      yield step.item.records.slice(0, left);
      left -= step.item.records.length;
      if (left <= 0) return;
    }
  } finally {
    await source.close();
  }
}
