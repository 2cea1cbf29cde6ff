import { present } from "./audit-event.ts";
import type { FieldOf } from "./falco-audit.ts";

/** The request body as far as `ka.req.*` and the query parameters tell of it; undefined where they tell nothing. */
export function falcoRequest(field: FieldOf): Readonly<Record<string, unknown>> | undefined {
  const body = present({
    command: field("uri.param[command]"),
    container: field("uri.param[container]")[0],
    ports: field("uri.param[ports]"),
    spec: podSpec(field),
    roleRef: present({ name: field("req.binding.role")[0] }),
    subjects: subjects(field),
    rules: rules(field),
  });
  return Object.keys(body).length === 0 ? undefined : body;
}

function podSpec(field: FieldOf): Record<string, unknown> {
  const isSet = (...names: readonly string[]): true | undefined =>
    names.some((name) => field(name).includes("true")) ? true : undefined;
  const images = field("req.pod.containers.image");
  const container = present({
    image: images.length > 0 ? images : field("req.container.image"),
    command: field("req.pod.containers.command"),
    args: field("req.pod.containers.args"),
    securityContext: present({
      privileged: isSet("req.pod.containers.privileged", "req.container.privileged"),
      allowPrivilegeEscalation: isSet("req.pod.containers.allow_privilege_escalation"),
      capabilities: present({ add: field("req.pod.containers.add_capabilities") }),
      runAsUser: field("req.pod.containers.run_as_user").includes("0") ? 0 : undefined,
    }),
  });
  return present({
    containers: Object.keys(container).length === 0 ? undefined : [container],
    hostPID: isSet("req.pod.host_pid"),
    hostNetwork: isSet("req.pod.host_network", "req.container.host_network"),
    hostIPC: isSet("req.pod.host_ipc"),
    volumes: field("req.pod.volumes.hostpath").map((path) => ({ name: path, hostPath: { path } })),
    type: field("req.service.type")[0],
    ports: field("req.service.ports").map((port) => ({ port })),
  });
}

function subjects(field: FieldOf): Record<string, unknown>[] {
  const accounts = field("req.binding.subjects.serviceaccount_ns_names").map((pair) => {
    const [namespace = "", name = ""] = pair.split(":");
    return { kind: "ServiceAccount", namespace, name };
  });
  const users = field("req.binding.subjects.user_names").map((name) => ({ kind: "User", name }));
  const groups = field("req.binding.subjects.group_names").map((name) => ({ kind: "Group", name }));
  return [...accounts, ...users, ...groups];
}

function rules(field: FieldOf): Record<string, unknown>[] {
  const rule = present({
    apiGroups: field("req.role.rules.apiGroups"),
    resources: field("req.role.rules.resources"),
    nonResourceURLs: field("req.role.rules.nonResourceURLs"),
    verbs: field("req.role.rules.verbs"),
  });
  return Object.keys(rule).length === 0 ? [] : [rule];
}
