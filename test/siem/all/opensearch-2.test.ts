import { serverVersions } from "../../servers/server-version.ts";
import { momentSuite } from "../moment-suite.ts";
import { useServer } from "../siem-scene.ts";
import { siemSuite } from "../siem-suite.ts";

const scene = useServer(serverVersions[1]);
siemSuite(scene, { kills: 30, restarts: 2 });
momentSuite(scene);
