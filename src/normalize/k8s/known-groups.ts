/** API groups of the resources that say most about what someone does, for sources that name only the resource. */
const groups: Readonly<Record<string, readonly string[]>> = {
  apps: ["deployments", "daemonsets", "statefulsets", "replicasets", "controllerrevisions"],
  batch: ["jobs", "cronjobs"],
  "rbac.authorization.k8s.io": ["roles", "rolebindings", "clusterroles", "clusterrolebindings"],
  "networking.k8s.io": ["networkpolicies", "ingresses", "ingressclasses"],
  "authorization.k8s.io": [
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "subjectaccessreviews",
    "localsubjectaccessreviews",
  ],
  "authentication.k8s.io": ["tokenreviews", "selfsubjectreviews"],
  "certificates.k8s.io": ["certificatesigningrequests"],
  "admissionregistration.k8s.io": [
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
  ],
  "apiextensions.k8s.io": ["customresourcedefinitions"],
  "apiregistration.k8s.io": ["apiservices"],
  "coordination.k8s.io": ["leases"],
  "discovery.k8s.io": ["endpointslices"],
  "storage.k8s.io": ["storageclasses", "volumeattachments", "csidrivers", "csinodes"],
  "scheduling.k8s.io": ["priorityclasses"],
  policy: ["poddisruptionbudgets", "podsecuritypolicies"],
  autoscaling: ["horizontalpodautoscalers"],
};

const byResource: ReadonlyMap<string, string> = new Map(
  Object.entries(groups).flatMap(([group, resources]) => resources.map((resource) => [resource, group] as const)),
);

/** The API group of a built-in resource; "" for core ones and those it does not know. */
export function knownGroup(resource: string): string {
  return byResource.get(resource) ?? "";
}
