import { serverVersions } from "../../servers/server-version.ts";
import { describeServer } from "../siem-scene.ts";
import { siemSuite } from "../siem-suite.ts";

describeServer(serverVersions[3], (scene) => {
  siemSuite(scene, { kills: 30, restarts: 2 });
});
