import type { Config } from "../config/config-schema.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Connector } from "../sdk/connector.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";

/** The connector of a type in the configuration; throws `config_invalid` where there is none. */
export function findConnector(registry: ConnectorRegistry, name: string, role: "source" | "sink"): Connector {
  const connector = registry.get(name);
  if (connector !== undefined) return connector;
  const known = [...registry.keys()].join(", ");
  throw new TagsmithError("config_invalid", `${role}.type: no connector "${name}"; there is: ${known}`, "exit");
}

/** What a connector is given of its part of the configuration. */
export function settingsOf(part: Config["source"]): Record<string, unknown> {
  const { type: _type, ...settings } = part;
  return settings;
}
