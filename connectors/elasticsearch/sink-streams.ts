import { TagsmithError } from "#sdk";
import type { BulkItem, BulkResult } from "./bulk-item.ts";
import { fieldOf, listOf } from "./classify-error.ts";
import type { SearchHttp } from "./search-http.ts";

/** Where a sink of one namespace writes. */
export interface StreamNames {
  readonly labels: string;
  readonly verdicts: string;
  readonly alerts: string;
  readonly deadletters: string;
}

export function streamNames(namespace: string): StreamNames {
  return {
    labels: `tagsmith-labels-${namespace}`,
    verdicts: `tagsmith-verdicts-${namespace}`,
    alerts: `tagsmith-alerts-${namespace}`,
    deadletters: `tagsmith-deadletters-${namespace}`,
  };
}

/**
 * Throws `sink_not_installed` when the templates are not there: the server would make indices of its own liking. A key
 * that may not look is trusted. Of alerts only where there are rules: what was installed before there were any goes on.
 */
export async function requireTemplates(http: SearchHttp, hasRules: boolean, signal: AbortSignal): Promise<void> {
  const always = ["tagsmith-labels", "tagsmith-verdicts", "tagsmith-deadletters"];
  for (const name of hasRules ? [...always, "tagsmith-alerts"] : always) {
    const call = { method: "GET", path: `/_index_template/${name}`, accept: [403, 404] } as const;
    const { status, body } = await http.request(call, signal);
    const template = fieldOf(listOf(fieldOf(body, "index_templates"))[0], "index_template");
    const isOurs = fieldOf(fieldOf(template, "_meta"), "managed_by") === "tagsmith";
    if (status === 403 || isOurs) continue;
    const why = status === 404 ? "is not there" : "is not one of ours";
    const message = `the index template ${name} ${why}. Run \`tagsmith install\` with this configuration.`;
    throw new TagsmithError("sink_not_installed", message, "exit");
  }
}

/** Backing indices of a data stream, oldest first; none before its first document. */
export async function backingIndices(
  http: SearchHttp,
  stream: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { body } = await http.request({ method: "GET", path: `/_resolve/index/${stream}`, accept: [404] }, signal);
  const found = listOf(fieldOf(body, "data_streams")).find((one) => fieldOf(one, "name") === stream);
  const names = listOf(fieldOf(found, "backing_indices")).filter((name) => typeof name === "string");
  return names.toSorted((a, b) => generationOf(a) - generationOf(b));
}

/** `.ds-NAME-DATE-000012`, or without the date, is generation 12. */
export function generationOf(index: string): number {
  return Number(/-(\d{6,})$/.exec(index)?.[1] ?? 0);
}

/** An item and what became of it. */
export interface Written {
  readonly item: BulkItem;
  readonly result: BulkResult;
}

/** The youngest backing index of `stream` that took one of the documents. */
export function newestIndex(written: readonly Written[], stream: string): string | undefined {
  let newest: string | undefined;
  for (const { item, result } of written) {
    if (item.index !== stream || result.kind !== "written") continue;
    if (newest === undefined || generationOf(result.index) > generationOf(newest)) newest = result.index;
  }
  return newest;
}
