import { serverVersions } from "../../servers/server-version.ts";
import { useServer } from "../siem-scene.ts";
import { sourceContractSuite } from "../source-suite.ts";

const scene = useServer(serverVersions[1]);
sourceContractSuite(scene);
