import type { Rule } from "../../src/sigma/ast.ts";
import { type Expression, expressionsOf } from "../../src/sigma/backend/expression.ts";
import type { FieldType, FieldTypes } from "../../src/sigma/backend/field-types.ts";
import { isObject } from "../../src/sigma/match/scalar.ts";
import type { FlatDocument } from "./sigma-documents.ts";

/**
 * One type a field for an index that all rules search: numbers and networks where no rule compares the field with text, else
 * keywords.
 */
export function typesFor(rules: readonly Rule[]): FieldTypes {
  const kinds = new Map<string, Set<string>>();
  for (const rule of rules) for (const expression of expressionsOf(rule)) noteKinds(expression, kinds);
  const fields = [...kinds].map(([field, set]): [string, FieldType] => {
    const only = (...allowed: string[]): boolean => [...set].every((kind) => allowed.includes(kind) || kind === "null");
    if (set.has("cidr") && only("cidr")) return [field, "ip"];
    if ((set.has("number") || set.has("compare")) && only("number", "compare")) return [field, "number"];
    return [field, set.has("timepart") && only("timepart") ? "date" : "keyword"];
  });
  return { fallback: "keyword", fields: new Map(fields) };
}

function noteKinds(expression: Expression, kinds: Map<string, Set<string>>): void {
  if (expression.kind === "not") noteKinds(expression.operand, kinds);
  else if (expression.kind === "and" || expression.kind === "or") {
    for (const operand of expression.operands) noteKinds(operand, kinds);
  } else if (expression.kind === "field") {
    const { field, value } = expression;
    const set = kinds.get(field) ?? new Set();
    kinds.set(field, set);
    for (const each of value.kind === "expansion" ? value.values : [value]) set.add(each.kind);
    if (value.kind === "fieldref") kinds.set(value.field, (kinds.get(value.field) ?? new Set()).add("string"));
  }
}

export interface SearchEngine {
  load(types: FieldTypes, documents: readonly FlatDocument[]): Promise<void>;
  /** Numbers of the documents a query finds, ascending; a text says what the engine refused. */
  search(query: unknown): Promise<readonly number[] | string>;
  /** The same for ES|QL, whose text must read from `index`. */
  esql(query: string): Promise<readonly number[] | string>;
  readonly index: string;
}

/** Speaks to a search engine of the tests. */
export function searchEngine(url: string, index: string): SearchEngine {
  const call = async (path: string, method: string, body: string): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, { method, body, headers: { "content-type": "application/json" } });
    return response.json();
  };
  return {
    index,
    load: async (types, documents) => {
      await call(`/${index}`, "DELETE", "");
      await call(`/${index}`, "PUT", JSON.stringify(indexBody(types)));
      for (let from = 0; from < documents.length; from += 2_000) {
        const lines = documents
          .slice(from, from + 2_000)
          .flatMap((document, at) => [
            JSON.stringify({ index: { _id: String(from + at) } }),
            JSON.stringify({ ...document, doc_number: from + at }),
          ]);
        const answer = await call(`/${index}/_bulk`, "POST", `${lines.join("\n")}\n`);
        if (isObject(answer) && answer["errors"] !== false) throw new Error(failures(answer["items"]));
      }
      await call(`/${index}/_refresh`, "POST", "");
    },
    search: async (query) => {
      const body = { query, size: 100_000, _source: false, fields: ["doc_number"] };
      const answer = await call(`/${index}/_search`, "POST", JSON.stringify(body));
      const hits = isObject(answer) && isObject(answer["hits"]) ? answer["hits"]["hits"] : undefined;
      if (!Array.isArray(hits)) return JSON.stringify(answer).slice(0, 500);
      return hits.map((hit: unknown) => (isObject(hit) ? Number(hit["_id"]) : -1)).sort((a, b) => a - b);
    },
    esql: async (query) => {
      const body = JSON.stringify({ query: `${query} | keep doc_number | limit 10000` });
      const answer = await call("/_query?format=json", "POST", body);
      const rows = isObject(answer) ? answer["values"] : undefined;
      if (!Array.isArray(rows)) return JSON.stringify(answer).slice(0, 500);
      return rows.map((row: unknown) => (Array.isArray(row) ? Number(row[0]) : -1)).sort((a, b) => a - b);
    },
  };
}

function failures(items: unknown): string {
  const failed = Array.isArray(items) ? items.filter((item) => JSON.stringify(item).includes('"error"')) : [];
  return JSON.stringify(failed.slice(0, 3));
}

function indexBody(types: FieldTypes): object {
  const properties = Object.fromEntries(
    [...types.fields].map(([field, type]) => [field, { type: type === "number" ? "double" : type }]),
  );
  return {
    settings: {
      number_of_shards: 1,
      number_of_replicas: 0,
      "index.mapping.total_fields.limit": 5_000,
      "index.max_result_window": 100_000,
    },
    mappings: { properties: { ...properties, doc_number: { type: "integer" } } },
  };
}
