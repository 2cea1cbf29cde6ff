import type { Json, JsonObject } from "./compile-mappings.ts";

/** Who needs access: each gets a key of its own. */
export type AccessName = "reader" | "writer" | "rule_deployer";

/** What access is for. */
export interface AccessSettings {
  readonly indices: readonly string[];
  readonly namespace: string;
  readonly expiresDays: number;
}

/** The least a part of Tagsmith needs, and the request that gives it a key or user. */
export interface Access {
  readonly name: AccessName;
  readonly purpose: string;
  /** Where access is a user, and no key. */
  readonly user: string | undefined;
  /** The role as the server's security interface takes it. */
  readonly role: JsonObject;
  readonly request: { readonly method: "POST" | "PUT"; readonly path: string; readonly body: JsonObject };
  /** What comes with the request: OpenSearch maps a user to a role. */
  readonly before: readonly { readonly method: "PUT"; readonly path: string; readonly body: JsonObject }[];
}

const purposes: Readonly<Record<AccessName, string>> = {
  reader: "reads the audit events",
  writer: "writes labels, verdicts and dead letters, nothing else",
  rule_deployer: "creates detection rules; rules run with the rights of the key that saved them",
};

/** API keys for Elasticsearch; each ends after `expiresDays`. */
export function elasticsearchAccess(settings: AccessSettings): readonly Access[] {
  const roles = elasticsearchRoles(settings);
  return accessNames.map((name): Access => {
    const role = roles[name];
    const body: JsonObject = {
      name: `tagsmith-${name}-${settings.namespace}`,
      expiration: `${settings.expiresDays}d`,
      role_descriptors: { [`tagsmith_${name}`]: role },
      metadata: { managed_by: "tagsmith" },
    };
    return {
      name,
      purpose: purposes[name],
      user: undefined,
      role,
      request: { method: "POST", path: "/_security/api_key", body },
      before: [],
    };
  });
}

/** Users with a role of their own for OpenSearch, which has no keys that end; `passwordOf` makes the passwords. */
export function openSearchAccess(
  settings: AccessSettings,
  passwordOf: (name: AccessName) => string,
): readonly Access[] {
  const roles = openSearchRoles(settings);
  const base = "/_plugins/_security/api";
  return accessNames.map((name): Access => {
    const role = roles[name];
    const user = openSearchUser(name, settings.namespace);
    return {
      name,
      purpose: purposes[name],
      user,
      role,
      before: [{ method: "PUT", path: `${base}/roles/${user}`, body: role }],
      request: {
        method: "PUT",
        path: `${base}/internalusers/${user}`,
        body: { password: passwordOf(name), opendistro_security_roles: [user] },
      },
    };
  });
}

/** The user and the role of the same name. */
function openSearchUser(name: AccessName, namespace: string): string {
  return `tagsmith_${name}_${namespace}`;
}

const accessNames = ["reader", "writer", "rule_deployer"] as const satisfies readonly AccessName[];

function ownStreams(namespace: string): string[] {
  return ["labels", "alerts", "deadletters"].map((stream) => `tagsmith-${stream}-${namespace}`);
}

function elasticsearchRoles({ indices, namespace }: AccessSettings): Readonly<Record<AccessName, JsonObject>> {
  const read = ["read", "view_index_metadata"];
  const readAfar = [...read, "read_cross_cluster"];
  const on = (names: readonly string[], privileges: readonly string[]): JsonObject => ({ names, privileges });
  const security = (name: string): string => `.${name}-default`;
  const { local, remote } = byCluster(indices);
  const afar = [...remote].map(([cluster, names]) => ({ clusters: [cluster], ...on(names, readAfar) }));
  return {
    reader: {
      cluster: ["monitor"],
      indices: [
        ...(local.length > 0 ? [on(local, read)] : []),
        // A cluster that trusts ours by its certificate looks here for the names it has itself.
        ...(remote.size > 0 ? [on([...new Set([...remote.values()].flat())], readAfar)] : []),
      ],
      // One that gave ours a key looks here.
      ...(remote.size > 0 && { remote_indices: afar }),
    },
    writer: {
      cluster: ["monitor"],
      indices: [
        on(ownStreams(namespace), [...read, "create_doc", "auto_configure"]),
        on([`tagsmith-verdicts-${namespace}`], [...read, "index", "auto_configure"]),
      ],
    },
    rule_deployer: {
      cluster: [],
      indices: [
        on(["tagsmith-*"], read),
        on(["alerts-security.alerts", "lists", "items"].map(security), [...read, "write", "manage"]),
      ],
      applications: [{ application: "kibana-.kibana", privileges: ["feature_siem.all"], resources: ["space:default"] }],
    },
  };
}

/** Names in the cluster that is asked, and by other cluster, as that one calls them. */
function byCluster(indices: readonly string[]): {
  readonly local: readonly string[];
  readonly remote: ReadonlyMap<string, readonly string[]>;
} {
  const local: string[] = [];
  const remote = new Map<string, string[]>();
  for (const pattern of indices) {
    const [, cluster, name] = /^([^<:]+):(.+)$/.exec(pattern) ?? [];
    if (cluster === undefined || name === undefined) local.push(pattern);
    else remote.set(cluster, [...(remote.get(cluster) ?? []), name]);
  }
  return { local, remote };
}

function openSearchRoles({ indices, namespace }: AccessSettings): Readonly<Record<AccessName, JsonObject>> {
  const look: readonly Json[] = ["indices:admin/resolve/index", "indices:admin/mappings/get", "indices:admin/get"];
  const on = (patterns: readonly string[], actions: readonly Json[]): JsonObject => ({
    index_patterns: patterns,
    allowed_actions: actions,
  });
  const { local, remote } = byCluster(indices);
  // Every cluster asks its own roles, by the names it has itself.
  const names = [...new Set([...local, ...[...remote.values()].flat()])];
  const afar = remote.size > 0 ? ["indices:admin/shards/search_shards"] : [];
  return {
    reader: {
      cluster_permissions: ["cluster:monitor/main", "indices:data/read/point_in_time/delete"],
      index_permissions: [
        on(names, ["read", "indices:data/read/point_in_time/create", "indices:monitor/stats", ...look, ...afar]),
      ],
    },
    writer: {
      cluster_permissions: ["cluster:monitor/main", "cluster_composite_ops", "indices:admin/index_template/get"],
      index_permissions: [
        on([...ownStreams(namespace), `tagsmith-verdicts-${namespace}`], ["create_index", "write", "read", ...look]),
      ],
    },
    rule_deployer: {
      cluster_permissions: [
        "cluster:monitor/main",
        "cluster:admin/opendistro/alerting/monitor/*",
        "cluster:admin/opensearch/securityanalytics/*",
      ],
      index_permissions: [on(["tagsmith-*"], ["read", ...look])],
    },
  };
}
