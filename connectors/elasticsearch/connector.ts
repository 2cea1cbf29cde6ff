import { z } from "zod";
import { type Connector, createSecrets } from "#sdk";
import { elasticsearchConnectionSchema } from "./connection-config.ts";
import { installServer } from "./install-server.ts";
import { openElasticsearch } from "./open-client.ts";
import { parseSettings } from "./parse-settings.ts";
import { createSearchSink } from "./sink.ts";
import { sinkOptions } from "./sink-config.ts";
import { createPollSource } from "./source.ts";
import { elasticsearchSourceConfigSchema } from "./source-config.ts";
import { splitIndices } from "./split-indices.ts";

const sinkSchema = z.strictObject({ ...elasticsearchConnectionSchema.shape, ...sinkOptions });
/** Of a source only how to reach the server. */
const serverSchema = z.object(elasticsearchConnectionSchema.shape);

const clock = { now: () => Date.now(), random: () => Math.random() };

/** Elasticsearch: documents from its indices; labels, verdicts and dead letters into its streams. */
export const elasticsearchConnector: Connector = {
  name: "elasticsearch",
  createSource: (settings, context) => {
    const config = parseSettings(elasticsearchSourceConfigSchema, settings, "source");
    const secrets = createSecrets(process.env, "source");
    const connect = (signal: AbortSignal) => openElasticsearch(config, secrets, signal);
    return createPollSource(config, { name: "elasticsearch", connect, context, ...clock });
  },
  createSink: (settings, context) => {
    const config = parseSettings(sinkSchema, settings, "sink");
    const secrets = createSecrets(process.env, "sink");
    const connect = (signal: AbortSignal) => openElasticsearch(config, secrets, signal);
    return createSearchSink(config, { name: "elasticsearch", connect, context, ...clock });
  },
  splitSource: async (settings) => splitIndices(parseSettings(elasticsearchSourceConfigSchema, settings, "source")),
  openServer: async (settings, role, signal) =>
    installServer(
      await openElasticsearch(
        parseSettings(role === "sink" ? sinkSchema : serverSchema, settings, role),
        createSecrets(process.env, role),
        signal,
      ),
    ),
};
