import { everydayServer } from "../servers/server-version.ts";
import { clusterSuite } from "./cluster-suite.ts";
import { describeServer } from "./siem-scene.ts";

describeServer(everydayServer, (scene) => {
  clusterSuite(scene, 6);
});
