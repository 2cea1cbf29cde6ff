import { everydayServer, serverVersions } from "../../servers/server-version.ts";
import { clusterSuite } from "../cluster-suite.ts";
import { describeServer } from "../siem-scene.ts";

for (const version of serverVersions) {
  if (version !== everydayServer) describeServer(version, (scene) => clusterSuite(scene, 10));
}
