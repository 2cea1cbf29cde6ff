import { describe, expect, it } from "vitest";
import { renderAuditLine } from "../../src/normalize/k8s/render-audit-line.ts";

interface Golden {
  readonly what: string;
  readonly audit: Record<string, unknown>;
  readonly line: string;
}

const head = {
  user: { username: "alice" },
  userAgent: "kubectl/v1.31 (linux/amd64) kubernetes/abc",
  sourceIPs: ["198.51.100.10"],
  stage: "ResponseComplete",
};
const tail = "user=alice userAgent=kubectl/v1.31 sourceIP=198.51.100.10 stage=ResponseComplete";

/** An event on a named resource, and the facts its line should end with. */
function body(what: string, verb: string, resource: string, requestObject: unknown, facts: string): Golden {
  const [apiGroup = "", plural = "", subresource] = resource.split("/");
  const group = apiGroup === "core" ? {} : { apiGroup };
  const sub = subresource === undefined ? {} : { subresource };
  const audit = {
    ...head,
    verb,
    requestObject,
    objectRef: { ...group, ...sub, resource: plural, namespace: "prod", name: "x" },
  };
  const place = subresource === undefined ? "" : ` subresource=${subresource}`;
  const end = facts === "" ? "" : ` requestObject=${facts}`;
  return {
    what,
    audit,
    line: `k8s_audit verb=${verb} apiGroup=${apiGroup} resource=${plural}${place} namespace=prod name=x ${tail}${end}`,
  };
}

const podSpec = {
  serviceAccountName: "runner",
  hostPID: true,
  hostNetwork: true,
  containers: [
    {
      name: "a",
      image: "registry.example.com/a:1",
      command: ["sh", "-c"],
      args: ["echo hi\nsleep 1"],
      env: [
        { name: "PASSWORD", value: "hunter2" },
        { name: "K", valueFrom: { secretKeyRef: { name: "db", key: "p" } } },
      ],
      securityContext: { privileged: true, capabilities: { add: ["SYS_ADMIN"] } },
      volumeMounts: [
        { name: "root", mountPath: "/host" },
        { name: "other", mountPath: "/o" },
      ],
    },
  ],
  volumes: [
    { name: "root", hostPath: { path: "/" } },
    { name: "tls", secret: { secretName: "tls-key" } },
  ],
};
const podFacts =
  "image=registry.example.com/a:1,privileged=true,capabilities.add=SYS_ADMIN,hostPID=true,hostNetwork=true,hostPath=/,mountPath=/host,secret=tls-key db,serviceAccountName=runner,command=sh -c,args=echo hi sleep 1";

const goldens: readonly Golden[] = [
  body("a pod", "create", "core/pods", { kind: "Pod", spec: podSpec }, podFacts),
  body(
    "a deployment",
    "create",
    "apps/deployments",
    { spec: { replicas: 3, template: { spec: podSpec } } },
    `replicas=3,${podFacts}`,
  ),
  body("a daemon set", "update", "apps/daemonsets", { spec: { template: { spec: podSpec } } }, podFacts),
  body(
    "a cron job",
    "create",
    "batch/cronjobs",
    {
      spec: {
        schedule: "*/5 * * * *",
        jobTemplate: { spec: { template: { spec: { containers: [{ image: "busybox", command: ["id"] }] } } } },
      },
    },
    "schedule=*/5 * * * *,image=busybox,command=id",
  ),
  ...["statefulsets", "replicasets", "replicationcontrollers", "jobs"].map((plural) =>
    body(
      `one of ${plural}`,
      "create",
      plural === "replicationcontrollers" ? `core/${plural}` : `${plural === "jobs" ? "batch" : "apps"}/${plural}`,
      { spec: { template: { spec: podSpec } } },
      podFacts,
    ),
  ),
  body("a pod template", "create", "core/podtemplates", { template: { spec: podSpec } }, podFacts),
  body(
    "flags written as text or in lists, as flattening leaves them",
    "create",
    "core/pods",
    { spec: { hostIPC: "true", containers: { image: ["a", "b"], securityContext: { privileged: [true] } } } },
    "image=a b,privileged=true,hostIPC=true",
  ),
  body(
    "an unmasked proc, shared processes and the older name of the account",
    "create",
    "core/pods",
    {
      spec: {
        shareProcessNamespace: true,
        serviceAccount: "runner",
        containers: [{ image: "a", securityContext: { procMount: "Unmasked" } }],
      },
    },
    "image=a,procMount=Unmasked,shareProcessNamespace=true,serviceAccountName=runner",
  ),
  body("a pod without containers", "create", "core/pods", { spec: { hostPID: true } }, "hostPID=true"),
  body(
    "a job made by hand from a cron job",
    "create",
    "batch/jobs",
    {
      metadata: {
        annotations: { "cronjob.kubernetes.io/instantiate": "manual" },
        ownerReferences: [{ kind: "CronJob", name: "gc" }],
      },
      spec: { template: { spec: { containers: [{ image: "gc:1" }] } } },
    },
    "owner=cronjob/gc,manual=true,image=gc:1",
  ),
  body(
    "a role",
    "create",
    "rbac.authorization.k8s.io/roles",
    { rules: [{ apiGroups: ["*"], resources: ["pods/exec", "secrets"], verbs: ["create", "get"] }] },
    "rules[0].apiGroups=*,rules[0].resources=pods/exec secrets,rules[0].verbs=create get",
  ),
  body(
    "a role binding",
    "create",
    "rbac.authorization.k8s.io/rolebindings",
    {
      roleRef: { kind: "ClusterRole", name: "cluster-admin" },
      subjects: [
        { kind: "ServiceAccount", namespace: "prod", name: "web" },
        { kind: "User", name: "bob" },
      ],
    },
    "roleRef=cluster-admin,subject=system:serviceaccount:prod:web User:bob",
  ),
  body(
    "an older binding of OpenShift",
    "create",
    "authorization.openshift.io/rolebindings",
    { roleRef: { name: "admin" }, userNames: ["bob"], groupNames: ["dev"] },
    "roleRef=admin,subject=User:bob Group:dev",
  ),
  body(
    "a secret, by its keys alone",
    "create",
    "core/secrets",
    { type: "Opaque", data: { user: "cm9vdA==", pass: "cHc=" } },
    "type=Opaque,keys=user pass",
  ),
  body("a patched secret, redacted", "patch", "core/secrets", { data: { pass: "cHc=" } }, "data.pass=<redacted>"),
  body("a config map, by its keys", "create", "core/configmaps", { data: { "entry.sh": "rm" } }, "keys=entry.sh"),
  body(
    "a node port",
    "create",
    "core/services",
    { spec: { type: "NodePort", ports: [{ port: 80, nodePort: 31000 }] } },
    "spec.type=NodePort,ports=80:31000",
  ),
  body(
    "a load balancer by patch",
    "patch",
    "core/services",
    { spec: { type: "LoadBalancer" } },
    "spec.type=LoadBalancer",
  ),
  body(
    "an ingress",
    "create",
    "networking.k8s.io/ingresses",
    {
      spec: {
        rules: [{ host: "admin.example.net", http: { paths: [{ backend: { service: { name: "api" } } }] } }],
        tls: [{ secretName: "t" }],
      },
    },
    "host=admin.example.net,service=api,tls=t",
  ),
  body(
    "a network policy",
    "create",
    "networking.k8s.io/networkpolicies",
    { spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [{}] } },
    "podSelector={},policyTypes=Ingress,spec.ingress=[{}]",
  ),
  body(
    "a token request",
    "create",
    "core/serviceaccounts/token",
    { spec: { audiences: ["vault"], expirationSeconds: 600 } },
    "audiences=vault,expirationSeconds=600",
  ),
  body(
    "an access review",
    "create",
    "authorization.k8s.io/selfsubjectaccessreviews",
    { spec: { resourceAttributes: { verb: "get", resource: "secrets", namespace: "prod" } } },
    "spec.resourceAttributes.verb=get,spec.resourceAttributes.resource=secrets,spec.resourceAttributes.namespace=prod",
  ),
  body(
    "a certificate request",
    "create",
    "certificates.k8s.io/certificatesigningrequests",
    { spec: { signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"] } },
    "signerName=kubernetes.io/kube-apiserver-client,usages=client auth",
  ),
  body(
    "an approval",
    "update",
    "certificates.k8s.io/certificatesigningrequests/approval",
    { status: { conditions: [{ type: "Approved", reason: "ByHand" }] } },
    "status.conditions[0].type=Approved,reason=ByHand",
  ),
  body(
    "a webhook",
    "create",
    "admissionregistration.k8s.io/mutatingwebhookconfigurations",
    {
      webhooks: [
        {
          clientConfig: { url: "https://hook.example.net/", caBundle: "x" },
          failurePolicy: "Ignore",
          rules: [{ resources: ["pods"], operations: ["CREATE"] }],
        },
      ],
    },
    "webhooks[0].clientConfig.url=https://hook.example.net/,webhooks[0].clientConfig.caBundle=<redacted>,webhooks[0].failurePolicy=Ignore,rules=pods CREATE",
  ),
  body(
    "a strategic merge patch",
    "patch",
    "apps/deployments",
    { spec: { template: { spec: { containers: [{ name: "api", image: "a:2" }] } } } },
    "spec.template.spec.containers[api].image=a:2",
  ),
  body(
    "a JSON merge patch that takes something away",
    "patch",
    "core/persistentvolumeclaims",
    { metadata: { finalizers: null } },
    "metadata.finalizers=null",
  ),
  body(
    "a JSON patch with a test, which changes nothing",
    "patch",
    "core/serviceaccounts",
    [
      { op: "test", path: "/metadata/name", value: "x" },
      { op: "remove", path: "/imagePullSecrets" },
    ],
    "op=remove,path=/imagePullSecrets",
  ),
  body(
    "environment variables of a custom resource, redacted",
    "create",
    "example.com/functions",
    { spec: { env: { KEY: "hunter2" } }, env: [{ name: "K", value: "hunter2" }] },
    "spec.env.KEY=<redacted>,env[K].value=<redacted>",
  ),
  body(
    "a JSON patch of a password, redacted",
    "patch",
    "example.com/databases",
    [{ op: "replace", path: "/spec/password", value: "hunter2" }],
    "op=replace,path=/spec/password,value=<redacted>",
  ),
  body(
    "environment values in a patch, redacted",
    "patch",
    "apps/deployments",
    { spec: { template: { spec: { containers: [{ name: "api", env: [{ name: "K", value: "hunter2" }] }] } } } },
    "spec.template.spec.containers[api].env[K].value=<redacted>",
  ),
  body(
    "a JSON patch",
    "patch",
    "apps/deployments",
    [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: "b:1" }],
    "op=replace,path=/spec/template/spec/containers/0/image,value=b:1",
  ),
  body(
    "a JSON patch with an object",
    "patch",
    "apps/daemonsets",
    [
      {
        op: "add",
        path: "/spec/template/spec/containers/1",
        value: { image: "s", securityContext: { privileged: true } },
      },
    ],
    "op=add,path=/spec/template/spec/containers/1,value.image=s,value.securityContext.privileged=true",
  ),
  body(
    "a JSON patch of a secret",
    "patch",
    "core/secrets",
    [{ op: "replace", path: "/data/pass", value: "cHc=" }],
    "op=replace,path=/data/pass,value=<redacted>",
  ),
  body(
    "a namespace's pod security label",
    "patch",
    "core/namespaces",
    { metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
    "metadata.labels.pod-security.kubernetes.io/enforce=privileged",
  ),
  body(
    "an ephemeral container",
    "patch",
    "core/pods/ephemeralcontainers",
    {
      spec: {
        ephemeralContainers: [{ image: "busybox", command: ["sh"], stdin: true, tty: true, targetContainerName: "w" }],
      },
    },
    "ephemeralContainers[0].image=busybox,command=sh,targetContainerName=w,stdin=true,tty=true",
  ),
  body("a scale", "update", "apps/deployments/scale", { spec: { replicas: 0 } }, "spec.replicas=0"),
  body(
    "an eviction",
    "create",
    "core/pods/eviction",
    { deleteOptions: { gracePeriodSeconds: 60 } },
    "deleteOptions.gracePeriodSeconds=60",
  ),
  body(
    "a custom resource",
    "create",
    "velero.io/restores",
    { apiVersion: "velero.io/v1", kind: "Restore", spec: { backupName: "b", includedNamespaces: ["a", "c"] } },
    "spec.backupName=b,spec.includedNamespaces=a c",
  ),
  body(
    "a forced delete",
    "delete",
    "core/pods",
    { kind: "DeleteOptions", gracePeriodSeconds: 0 },
    "gracePeriodSeconds=0",
  ),
  body("a wrong body", "create", "core/pods", "nothing", ""),
];

describe("the body of a request in the one-line form", () => {
  const padding = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`pad${at}`, "x".repeat(20)]));

  it("puts first what gives power, where padding leaves no room", () => {
    const { audit } = body(
      "",
      "patch",
      "apps/deployments",
      { metadata: { labels: padding }, spec: { hostPID: true } },
      "",
    );
    const line = renderAuditLine(audit);
    expect(line).toContain("requestObject=spec.hostPID=true,metadata.labels.pad0=");
    expect(line.endsWith("…")).toBe(true);
  });

  it("keeps the parts of a JSON patch's operation together", () => {
    const operations = [
      ...Object.keys(padding).map((key) => ({ op: "add", path: `/metadata/labels/${key}`, value: "x" })),
    ].slice(0, 35);
    const hostPath = { op: "add", path: "/spec/template/spec/volumes/-", value: { hostPath: { path: "/" } } };
    const { audit } = body("", "patch", "apps/deployments", [...operations, hostPath], "");
    expect(renderAuditLine(audit)).toContain(
      "requestObject=op=add,path=/spec/template/spec/volumes/-,value.hostPath.path=/,op=add,path=/metadata/labels/pad0",
    );
  });

  for (const { what, audit, line } of goldens) {
    it(`renders ${what}`, () => {
      expect(renderAuditLine(audit)).toBe(line);
    });
  }
});
