import type { Level, Rule } from "../ast.ts";
import { compatQueries } from "./compat-query.ts";

/** Documents around a Lucene query, as pySigma's backends make them. */
export type CompatFormat = "dsl_lucene" | "kibana_ndjson" | "monitor_rule";

/** Makes the documents of a rule, one a condition. Throws `sigma_not_convertible` where the queries do. */
export function compatDocuments(rule: Rule, format: CompatFormat): readonly Readonly<Record<string, unknown>>[] {
  return compatQueries(rule, "lucene").map((query) => {
    const queryString = { query_string: { query, analyze_wildcard: true } };
    if (format === "kibana_ndjson") return savedSearch(rule, queryString);
    const search = { query: { bool: { must: [queryString] } } };
    return format === "dsl_lucene" ? search : monitor(rule, search);
  });
}

function savedSearch({ metadata }: Rule, query: object): Readonly<Record<string, unknown>> {
  const index = "beats-*";
  const source = {
    index,
    filter: [],
    highlight: {
      pre_tags: ["@kibana-highlighted-field@"],
      post_tags: ["@/kibana-highlighted-field@"],
      fields: { "*": {} },
      require_field_match: false,
      fragment_size: 2_147_483_647,
    },
    query,
  };
  return {
    id: metadata.id ?? "None",
    type: "search",
    attributes: {
      title: `SIGMA - ${metadata.title}`,
      description: metadata.description ?? null,
      hits: 0,
      columns: [],
      sort: ["@timestamp", "desc"],
      version: 1,
      kibanaSavedObjectMeta: { searchSourceJSON: pythonJson(source) },
    },
    references: [{ id: index, name: "kibanaSavedObjectMeta.searchSourceJSON.index", type: "index-pattern" }],
  };
}

function monitor({ metadata }: Rule, search: object): Readonly<Record<string, unknown>> {
  return {
    type: "monitor",
    name: `SIGMA - ${metadata.title}`,
    description: metadata.description ?? null,
    enabled: true,
    schedule: { period: { interval: 5, unit: "MINUTES" } },
    inputs: [{ search: { indices: ["beats-*"], query: { size: 1, ...search } } }],
    tags: metadata.tags.map((tag) => tag.replace(".", "-")),
    triggers: [
      {
        name: "generated-trigger",
        severity: metadata.level === undefined ? 1 : severity[metadata.level],
        condition: { script: { source: "ctx.results[0].hits.total.value > 0", lang: "painless" } },
        actions: [],
      },
    ],
    sigma_meta_data: { rule_id: metadata.id ?? "None", threat: [] },
    references: metadata.references,
  };
}

const severity: Readonly<Record<Level, number>> = { critical: 1, high: 2, medium: 3, low: 4, informational: 5 };

/** JSON as Python writes it: blanks after `:` and `,`, ASCII only. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${pythonJson(key)}: ${pythonJson(member)}`);
    return `{${members.join(", ")}}`;
  }
  return JSON.stringify(value).replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
