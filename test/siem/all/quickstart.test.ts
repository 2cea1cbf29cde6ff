import { everydayServer, serverVersions } from "../../servers/server-version.ts";
import { describeQuickstart } from "../quickstart-suite.ts";

for (const version of serverVersions) if (version !== everydayServer) describeQuickstart(version);
