import { describeSearchSink } from "../integration/search-sink-suite.ts";
import { everydayServer, serverVersions } from "../servers/server-version.ts";

for (const version of serverVersions) if (version !== everydayServer) describeSearchSink(version);
