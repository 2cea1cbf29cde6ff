import type { Rule } from "../ast.ts";
import { alertingMonitor } from "./alerting-monitor.ts";
import type { Techniques } from "./attack-threat.ts";
import { type CompatFormat, compatDocuments } from "./compat-document.ts";
import { type Conversion, type ConvertOptions, convertRule, type Target } from "./convert-rule.ts";
import { type DetectionQuery, kibanaRule } from "./kibana-rule.ts";
import { isNotConvertible } from "./not-convertible.ts";
import type { DslQuery } from "./query-dsl.ts";
import { securityAnalyticsRule } from "./security-analytics.ts";

/** What a rule is written as: bare queries, or what a SIEM imports. */
export type ExportFormat = "query" | "kibana_rule" | "monitor" | "security_analytics" | CompatFormat;

/** How SIEMs run what is exported. */
export interface ExportOptions extends ConvertOptions {
  readonly format: ExportFormat;
  readonly indices: readonly string[];
  readonly intervalMinutes: number;
  /** Names of ATT&CK techniques, for detection rules. */
  readonly techniques?: Techniques;
}

/** A rule in a format: documents to import, or texts. */
export type Exported =
  | {
      readonly kind: "converted";
      readonly outputs: readonly (string | DslQuery)[];
      readonly postFilter: boolean;
      readonly warnings: readonly string[];
    }
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

/** Writes a rule in a format of a SIEM. */
export function exportRule(rule: Rule, options: ExportOptions): Exported {
  switch (options.format) {
    case "query":
      return around(convertRule(rule, options), (query) => query);
    case "kibana_rule":
      return exportKibana(rule, options);
    case "monitor":
      return around(convertRule(rule, { ...options, target: "dsl" }), (query) =>
        typeof query === "string" ? query : alertingMonitor(rule, query, { ...options, timeField: "@timestamp" }),
      );
    case "security_analytics":
      return exportSecurityAnalytics(rule, options);
    default:
      return exportCompat(rule, options.format);
  }
}

function around(conversion: Conversion, wrap: (query: string | DslQuery) => string | DslQuery): Exported {
  if (conversion.kind === "refused") return conversion;
  const { queries, postFilter, warnings } = conversion;
  return { kind: "converted", outputs: queries.map(wrap), postFilter, warnings };
}

function exportKibana(rule: Rule, options: ExportOptions): Exported {
  if (rule.conditions.length > 1) {
    return { kind: "refused", reasons: ["A detection rule has one query; this rule has several conditions."] };
  }
  const settings = { ...options, extraLookbackMinutes: 1 };
  return around(convertRule(rule, options), (query) =>
    kibanaRule(rule.metadata, detectionQuery(query, options.target), settings),
  );
}

/** A query as detection rules name its language. */
export function detectionQuery(query: string | DslQuery, target: Target): DetectionQuery {
  if (typeof query !== "string") return { language: "dsl", query };
  if (target === "eql" || target === "esql" || target === "lucene") return { language: target, query };
  return { language: "kuery", query };
}

function exportSecurityAnalytics(rule: Rule, { fidelity }: ExportOptions): Exported {
  try {
    const compat = fidelity === "compat";
    const warnings = compat ? ["Security Analytics finds negated items only where their field is there."] : [];
    return { kind: "converted", outputs: [securityAnalyticsRule(rule, compat)], postFilter: false, warnings };
  } catch (error) {
    if (isNotConvertible(error)) return { kind: "refused", reasons: [error.message] };
    throw error;
  }
}

function exportCompat(rule: Rule, format: CompatFormat): Exported {
  try {
    const warnings = ["Written as pySigma does; it may find other events than the rule matches (docs/sigma.md)."];
    return { kind: "converted", outputs: compatDocuments(rule, format), postFilter: false, warnings };
  } catch (error) {
    if (isNotConvertible(error)) return { kind: "refused", reasons: [error.message] };
    throw error;
  }
}
