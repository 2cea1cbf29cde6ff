import { serverVersions } from "../../servers/server-version.ts";
import { secured } from "../secured-scene.ts";
import { securitySuite } from "../security-suite.ts";
import { describeServer } from "../siem-scene.ts";

const server = serverVersions[1];
describeServer(server, securitySuite, () => secured(server));
