import { everydayServer, serverVersions } from "../../servers/server-version.ts";
import { describeSearchSink } from "../search-sink-suite.ts";

for (const version of serverVersions) if (version !== everydayServer) describeSearchSink(version);
