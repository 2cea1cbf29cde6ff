import { everydayServer } from "../servers/server-version.ts";
import { describeSearchSink } from "./search-sink-suite.ts";

describeSearchSink(everydayServer);
