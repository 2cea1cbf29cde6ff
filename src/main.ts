import { elasticsearchConnector } from "../connectors/elasticsearch/connector.ts";
import { fileConnector } from "../connectors/file/connector.ts";
import { openSearchConnector } from "../connectors/opensearch/connector.ts";
import type { ConnectorRegistry } from "./cli/connector-registry.ts";
import { runProgram } from "./cli/main-program.ts";

const connectors = [fileConnector, elasticsearchConnector, openSearchConnector];
const registry: ConnectorRegistry = new Map(connectors.map((connector) => [connector.name, connector]));

const terminal = { out: process.stdout, err: process.stderr, now: () => performance.now() };
// Messages that nobody reads any more end nothing.
process.stderr.on("error", () => undefined);
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 4));
// Whoever kills the launcher means this process; what is not written yet is written by the next start.
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.channel?.unref();
process.exitCode = await runProgram(process.argv.slice(2), registry, terminal);
