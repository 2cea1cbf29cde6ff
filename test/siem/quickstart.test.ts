import { everydayServer } from "../servers/server-version.ts";
import { describeQuickstart } from "./quickstart-suite.ts";

describeQuickstart(everydayServer);
