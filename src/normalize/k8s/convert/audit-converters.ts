import type { Converter } from "../../renderer.ts";
import { convertAksTable } from "./aks-table.ts";
import { convertElastic } from "./elastic-audit.ts";
import { convertFalco } from "./falco-audit.ts";
import { convertGke } from "./gke-audit.ts";
import { convertOcsf } from "./ocsf-audit.ts";
import { convertPrefixedLine } from "./prefixed-line.ts";
import { convertRemapped } from "./remapped-audit.ts";

/** Each writes a source's document as an audit.k8s.io/v1 event, which the mapping `k8s-audit-event` then reads. */
export const auditConverters: readonly (readonly [name: string, convert: Converter])[] = [
  ["k8s_audit_elastic", convertElastic],
  ["k8s_audit_gke", convertGke],
  ["k8s_audit_falco", convertFalco],
  ["k8s_audit_ocsf", convertOcsf],
  ["k8s_audit_aks_table", convertAksTable],
  ["k8s_audit_remapped", convertRemapped],
  ["k8s_audit_prefixed", convertPrefixedLine],
];
