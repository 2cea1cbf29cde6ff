import { everydayServer } from "../servers/server-version.ts";
import { describeServer } from "./siem-scene.ts";
import { siemSuite } from "./siem-suite.ts";

describeServer(everydayServer, (scene) => {
  siemSuite(scene, { kills: 5, restarts: 1 });
});
