/** The index privilege that allows an action; what both products call by the same action names. */
const privileges: readonly (readonly [RegExp, string])[] = [
  [/^indices:data\/read\//, "read"],
  [/^indices:data\/write\/(bulk|index)/, "create_doc (write for verdicts)"],
  [/^indices:data\/write\//, "write"],
  [/^indices:monitor\//, "monitor"],
  [/^indices:admin\/(get|resolve|aliases\/get|mappings\/get|data_stream\/get)/, "view_index_metadata"],
  [/^indices:admin\/(auto_create|create)/, "auto_configure"],
  [/^indices:admin\//, "manage"],
  [/^cluster:admin\/(ilm|opendistro\/ism|opensearch\/ism)/, "manage_ilm"],
  [/^(indices:admin\/index_template|cluster:admin\/component_template)/, "manage_index_templates (cluster)"],
  [/^cluster:admin\/ingest/, "manage_ingest_pipelines (cluster)"],
  [/^cluster:monitor\//, "monitor (cluster)"],
];

/**
 * What to grant, from the reason of a 403: Elasticsearch names the privileges itself ("action [A] is unauthorized for … on
 * indices [I], this action is granted by the index privileges [P]"), OpenSearch the action only ("no permissions for [A] …").
 */
export function explainPrivilege(reason: string): string {
  const named = /granted by the (index|cluster) privileges \[([^\]]*)\]/.exec(reason);
  const indices = /on (?:restricted )?indices \[([^\]]*)\]/.exec(reason)?.[1];
  const where = indices === undefined ? "" : ` on ${indices}`;
  if (named) {
    // The narrowest comes first, but reading is one privilege.
    const granting = (named[2] ?? "").split(",");
    const privilege = granting.includes("read") ? "read" : granting[0];
    return `Grant the ${named[1]} privilege ${privilege}${where} to this key or user.`;
  }
  const action = /\[((?:indices|cluster):[\w/:*]+)/.exec(reason)?.[1];
  const known = privileges.find(([pattern]) => action !== undefined && pattern.test(action))?.[1];
  if (action === undefined)
    return "This key or user lacks a privilege; see docs/configuration.md for the least it needs.";
  const asAlso = known === undefined ? "" : ` (part of the privilege ${known})`;
  return `Grant the action ${action}${asAlso}${where} to this key or user.`;
}
