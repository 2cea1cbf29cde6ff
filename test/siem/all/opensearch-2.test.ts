import { serverVersions } from "../../servers/server-version.ts";
import { momentSuite } from "../moment-suite.ts";
import { describeServer } from "../siem-scene.ts";
import { siemSuite } from "../siem-suite.ts";

describeServer(serverVersions[1], (scene) => {
  siemSuite(scene, { kills: 30, restarts: 2 });
  momentSuite(scene);
});
