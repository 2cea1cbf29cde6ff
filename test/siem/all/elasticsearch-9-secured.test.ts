import { serverVersions } from "../../servers/server-version.ts";
import { useSecuredServer } from "../secured-scene.ts";
import { securitySuite } from "../security-suite.ts";

securitySuite(useSecuredServer(serverVersions[2]));
