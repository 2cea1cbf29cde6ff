import { createAuditdReader } from "./auditd/auditd-reader.ts";
import { isObject } from "./compile-path.ts";
import { renderAuditLine } from "./k8s/render-audit-line.ts";
import type { Readers } from "./renderer.ts";

/** The decoders mappings may name: `k8s_audit` writes text, `auditd_lines` reads records. */
export const builtInReaders: Readers = {
  renderers: new Map([["k8s_audit", (value: unknown) => (isObject(value) ? renderAuditLine(value) : undefined)]]),
  records: new Map([["auditd_lines", () => createAuditdReader()]]),
};
