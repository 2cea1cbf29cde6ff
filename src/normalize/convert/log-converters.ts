import type { Converter } from "../renderer.ts";
import { convertJournaldAudit } from "./journald-audit.ts";
import { convertJournaldBytes } from "./journald-bytes.ts";
import { convertJournaldJson } from "./journald-json.ts";
import { convertOsqueryRows } from "./osquery-rows.ts";
import { convertOtelDocument, convertOtlpLogs } from "./otel-record.ts";
import { convertSudoLine } from "./sudo-line.ts";
import { convertSyslogLine } from "./syslog-line.ts";
import { convertSysmonXml } from "./sysmon-xml.ts";
import { convertTraceeArguments } from "./tracee-arguments.ts";

/** What mappings of hosts' logs and sensors may name under `unwrap.convert`. */
export const logConverters: readonly (readonly [string, Converter])[] = [
  ["journald_audit", convertJournaldAudit],
  ["journald_bytes", convertJournaldBytes],
  ["journald_json", convertJournaldJson],
  ["osquery_rows", convertOsqueryRows],
  ["otel_document", convertOtelDocument],
  ["otlp_logs", convertOtlpLogs],
  ["sudo_line", convertSudoLine],
  ["syslog_line", convertSyslogLine],
  ["sysmon_xml", convertSysmonXml],
  ["tracee_arguments", convertTraceeArguments],
];
