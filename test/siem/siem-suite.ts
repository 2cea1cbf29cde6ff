import { conservationSuite } from "./conservation-suite.ts";
import { crossClusterSuite } from "./cross-cluster-suite.ts";
import { digitsSuite } from "./digits-suite.ts";
import { faultSuite } from "./fault-suite.ts";
import { fieldsSuite } from "./fields-suite.ts";
import { pollSuite } from "./poll-suite.ts";
import type { SiemScene } from "./siem-scene.ts";
import { sourceContractSuite } from "./source-suite.ts";
import { troubleSuite } from "./trouble-suite.ts";

/** What must hold on every search server. */
export function siemSuite(
  scene: SiemScene,
  { kills, restarts }: { readonly kills: number; readonly restarts: number },
): void {
  sourceContractSuite(scene);
  pollSuite(scene);
  digitsSuite(scene);
  troubleSuite(scene);
  fieldsSuite(scene);
  crossClusterSuite(scene);
  faultSuite(scene);
  conservationSuite(scene, kills, restarts);
}
