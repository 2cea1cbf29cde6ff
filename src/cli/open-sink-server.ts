import type { Config } from "../config/config-schema.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SearchServer } from "../sdk/search-server.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import type { ConnectionConfig } from "./init-options.ts";

const credentialNames = /^(api_key|username|password|bearer_token|aws)/;

/** Opens the server behind the sink; throws `config_invalid` when the sink has none. `credentials` take the place of the
 * configuration's for this once. */
export async function openSinkServer(
  config: Config,
  registry: ConnectorRegistry,
  signal: AbortSignal,
  credentials: ConnectionConfig = {},
): Promise<SearchServer> {
  const { type, ...settings } = config.sink;
  const connector = registry.get(type);
  if (connector?.openServer === undefined) {
    const able = [...registry.values()].filter(({ openServer }) => openServer !== undefined).map(({ name }) => name);
    const message = `sink.type: there is nothing to install into "${type}"; it must be one of ${able.join(", ")}`;
    throw new TagsmithError("config_invalid", message, "exit");
  }
  const isOther = Object.keys(credentials).length > 0;
  const reach = Object.entries(settings).filter(([name]) => !isOther || !credentialNames.test(name));
  return connector.openServer({ ...Object.fromEntries(reach), ...credentials }, "sink", signal);
}
