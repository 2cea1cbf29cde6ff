import type { Config } from "../config/config-schema.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SearchServer } from "../sdk/search-server.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";

/** Opens the server behind the sink; throws `config_invalid` when the sink has none. */
export async function openSinkServer(
  config: Config,
  registry: ConnectorRegistry,
  signal: AbortSignal,
): Promise<SearchServer> {
  const { type, ...settings } = config.sink;
  const connector = registry.get(type);
  if (connector?.openServer === undefined) {
    const able = [...registry.values()].filter(({ openServer }) => openServer !== undefined).map(({ name }) => name);
    const message = `sink.type: there is nothing to install into "${type}"; it must be one of ${able.join(", ")}`;
    throw new TagsmithError("config_invalid", message, "exit");
  }
  return connector.openServer(settings, "sink", signal);
}
