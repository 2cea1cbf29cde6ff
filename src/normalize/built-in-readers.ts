import { createAuditdReader } from "./auditd/auditd-reader.ts";
import { renderGoAudit } from "./auditd/render-go-audit.ts";
import { renderLaurel } from "./auditd/render-laurel.ts";
import { renderLogRecord } from "./auditd/render-log-record.ts";
import { renderWazuhAudit } from "./auditd/render-wazuh.ts";
import { isObject } from "./compile-path.ts";
import { logConverters } from "./convert/log-converters.ts";
import { auditConverters } from "./k8s/convert/audit-converters.ts";
import { renderAuditLine } from "./k8s/render-audit-line.ts";
import type { Readers, Renderer } from "./renderer.ts";

/**
 * The decoders mappings may name. `k8s_audit` writes text; the other renderers write audit lines for a reader:
 * `auditd_lines` joins records across documents, to `auditd_events` every text holds whole events.
 */
export const builtInReaders: Readers = {
  renderers: new Map<string, Renderer>([
    ["k8s_audit", (value: unknown) => (isObject(value) ? renderAuditLine(value) : undefined)],
    ["auditd_log", renderLogRecord],
    ["laurel", renderLaurel],
    ["go_audit", renderGoAudit],
    ["wazuh_audit", renderWazuhAudit],
  ]),
  converters: new Map([...auditConverters, ...logConverters]),
  records: new Map([
    ["auditd_lines", () => createAuditdReader()],
    ["auditd_events", () => createAuditdReader({ wholeTexts: true })],
  ]),
};
