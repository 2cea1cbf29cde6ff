import { z } from "zod";
import { type Connector, createSecrets } from "#sdk";
import { openSearchConnectionSchema } from "../elasticsearch/connection-config.ts";
import { installServer } from "../elasticsearch/install-server.ts";
import { parseSettings } from "../elasticsearch/parse-settings.ts";
import { createSearchSink } from "../elasticsearch/sink.ts";
import { sinkOptions } from "../elasticsearch/sink-config.ts";
import { createPollSource } from "../elasticsearch/source.ts";
import { openSearchSourceConfigSchema } from "../elasticsearch/source-config.ts";
import { splitIndices } from "../elasticsearch/split-indices.ts";
import { openOpenSearch } from "./open-client.ts";

const sinkSchema = z.strictObject({ ...openSearchConnectionSchema.shape, ...sinkOptions });
/** Of a source only how to reach the server. */
const serverSchema = z.object(openSearchConnectionSchema.shape);

const clock = { now: () => Date.now(), random: () => Math.random() };

/** OpenSearch: documents from its indices; labels, verdicts and dead letters into its streams. */
export const openSearchConnector: Connector = {
  name: "opensearch",
  createSource: (settings, context) => {
    const config = parseSettings(openSearchSourceConfigSchema, settings, "source");
    const secrets = createSecrets(process.env, "source");
    const connect = (signal: AbortSignal) => openOpenSearch(config, secrets, signal);
    return createPollSource(config, { name: "opensearch", connect, context, ...clock });
  },
  createSink: (settings, context) => {
    const config = parseSettings(sinkSchema, settings, "sink");
    const secrets = createSecrets(process.env, "sink");
    const connect = (signal: AbortSignal) => openOpenSearch(config, secrets, signal);
    return createSearchSink(config, { name: "opensearch", connect, context, ...clock });
  },
  splitSource: async (settings) => splitIndices(parseSettings(openSearchSourceConfigSchema, settings, "source")),
  openServer: async (settings, role, signal) =>
    installServer(
      await openOpenSearch(
        parseSettings(role === "sink" ? sinkSchema : serverSchema, settings, role),
        createSecrets(process.env, role),
        signal,
      ),
    ),
};
