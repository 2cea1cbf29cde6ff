import type { Connector } from "../sdk/connector.ts";

/** Connectors by the word used in the configuration. */
export type ConnectorRegistry = ReadonlyMap<string, Connector>;
