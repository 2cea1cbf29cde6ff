import { describeQuickstart } from "../e2e/quickstart-suite.ts";
import { everydayServer, serverVersions } from "../servers/server-version.ts";

for (const version of serverVersions) if (version !== everydayServer) describeQuickstart(version);
