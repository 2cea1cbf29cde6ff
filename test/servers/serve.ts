// Starts one server and keeps it until Ctrl-C: node --conditions=source test/servers/serve.ts [opensearch|elasticsearch] [version]
import { once } from "node:events";
import { serverVersions } from "./server-version.ts";
import { startServer } from "./start-server.ts";

const [product = "opensearch", version] = process.argv.slice(2);
const found = serverVersions.find(
  (one) => one.product === product && (version === undefined || one.version === version),
);
if (found === undefined) {
  const known = serverVersions.map((one) => `${one.product} ${one.version}`).join(", ");
  process.stderr.write(`No such server; there is: ${known}\n`);
  process.exit(2);
}
const server = await startServer(found);
process.stdout.write(`${found.product} ${found.version} answers on ${server.url}\n`);
// Listening for signals alone keeps no process alive.
const alive = setInterval(() => undefined, 3_600_000);
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
clearInterval(alive);
await server.stop();
