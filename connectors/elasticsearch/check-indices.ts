import { fieldOf, listOf } from "./classify-error.ts";
import { SearchError } from "./search-error.ts";
import type { SearchHttp } from "./search-http.ts";

const usable = ["date", "date_nanos", "unmapped"];

/**
 * Makes sure that the indices that are named, not matched by a pattern, may be read; a search would leave out what may not.
 * Throws SearchError `siem_forbidden` (exit).
 */
export async function checkNames(http: SearchHttp, indices: readonly string[], signal: AbortSignal): Promise<void> {
  const names = indices.filter((name) => !/[*:]|^[-<]/.test(name));
  if (names.length === 0) return;
  const path = `/${names.map(encodeURIComponent).join(",")}/_field_caps`;
  await http.request({ method: "GET", path, query: { fields: "@timestamp" }, accept: [404] }, signal);
}

/**
 * Makes sure that the time fields are times in all indices that have them. Throws SearchError `siem_time_field_unusable`
 * (exit): an index that was made without a mapping may hold them as text.
 */
export async function checkTimeFields(
  http: SearchHttp,
  indices: readonly string[],
  timeFields: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const path = `/${indices.map(encodeURIComponent).join(",")}/_field_caps`;
  const query = { fields: timeFields.join(","), ignore_unavailable: true };
  const { body, status } = await http.request({ method: "GET", path, query, accept: [404] }, signal);
  if (status === 404) return;
  for (const field of timeFields) {
    const types = fieldOf(fieldOf(body, "fields"), field);
    if (typeof types !== "object" || types === null) continue;
    for (const [type, facts] of Object.entries(types)) {
      if (usable.includes(type) || fieldOf(facts, "metadata_field") === true || type === "object") continue;
      const where = listOf(fieldOf(facts, "indices")).slice(0, 3).join(", ");
      throw unusable(field, type, where === "" ? indices.join(", ") : where);
    }
  }
}

function unusable(field: string, type: string, where: string): SearchError {
  const kind = { code: "siem_time_field_unusable", remedy: "exit" } as const;
  const message = `${field} is of type ${type} in ${where}, so it cannot be read by time. Map it as date, leave it out of \`time_fields\`, or leave the index out of \`indices\`.`;
  return new SearchError(kind, message);
}
