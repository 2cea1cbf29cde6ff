import { everydayServer } from "../servers/server-version.ts";
import { useServer } from "./siem-scene.ts";
import { siemSuite } from "./siem-suite.ts";

const scene = useServer(everydayServer);
siemSuite(scene, { kills: 6, restarts: 1 });
