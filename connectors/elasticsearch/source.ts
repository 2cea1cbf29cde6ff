import type { Source, SourceContext } from "#sdk";
import { Poller } from "./poller.ts";
import type { SearchClient } from "./search-http.ts";
import type { PollConfig } from "./source-config.ts";

/** What the connector and the runtime set. */
export interface PollSourceSettings {
  /** Name of this instance. */
  readonly name: string;
  /** Connects; throws SearchError. */
  readonly connect: (signal: AbortSignal) => Promise<SearchClient>;
  readonly context?: SourceContext | undefined;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

/**
 * A source of the documents of a search server, by ingest time. What can be tried again it tries again by itself; `read`
 * throws TagsmithError (exit): `siem_unauthorized`, `siem_forbidden`, `siem_wrong_product`, `siem_version_unsupported`,
 * `siem_tls_failed`, `siem_not_found`, `siem_request_refused`, `siem_cursor_invalid`.
 */
export function createPollSource(config: PollConfig, settings: PollSourceSettings): Source {
  const closing = new AbortController();
  return {
    name: settings.name,
    isLive: !config.once,
    async *read(cursor, signal) {
      const poller = new Poller(config, settings, cursor);
      try {
        yield* poller.poll(AbortSignal.any([signal, closing.signal]));
      } finally {
        await poller.close();
      }
    },
    close: async () => closing.abort(),
  };
}
