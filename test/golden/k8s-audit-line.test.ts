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

const exec = "/api/v1/namespaces/prod/pods/x";
const goldens: readonly Golden[] = [
  {
    what: "an exec, whose command stands in the URI",
    audit: {
      ...head,
      verb: "create",
      objectRef: { resource: "pods", subresource: "exec", namespace: "prod", name: "x" },
      requestURI: `${exec}/exec?command=sh&command=-c&command=cat+%2Fetc%2Fpasswd&container=api&stdin=true&stdout=true&tty=true`,
      requestObject: { command: ["other"] },
    },
    line: `k8s_audit verb=create apiGroup=core resource=pods subresource=exec namespace=prod name=x ${tail} requestURI=${exec}/exec requestObject=container=api,command=sh -c cat /etc/passwd,stdin=true,tty=true`,
  },
  {
    what: "an exec, whose command stands in the body",
    audit: {
      ...head,
      verb: "create",
      objectRef: { resource: "pods", subresource: "exec", namespace: "prod", name: "x" },
      requestObject: { command: ["/bin/sh"] },
    },
    line: `k8s_audit verb=create apiGroup=core resource=pods subresource=exec namespace=prod name=x ${tail} requestObject=command=/bin/sh`,
  },
  {
    what: "a port-forward",
    audit: {
      ...head,
      verb: "create",
      objectRef: { resource: "pods", subresource: "portforward", namespace: "prod", name: "x" },
      requestURI: `${exec}/portforward?ports=8080`,
    },
    line: `k8s_audit verb=create apiGroup=core resource=pods subresource=portforward namespace=prod name=x ${tail} requestURI=${exec}/portforward requestObject=ports=8080`,
  },
  {
    what: "a URL that is no resource",
    audit: { ...head, verb: "get", requestURI: "/healthz?verbose=1" },
    line: `k8s_audit verb=get ${tail} requestURI=/healthz?verbose=1`,
  },
  {
    what: "a namespace and a group that only the URI names",
    audit: {
      ...head,
      verb: "create",
      objectRef: { resource: "rollouts", name: "web" },
      requestURI: "/apis/argoproj.io/v1alpha1/namespaces/prod/rollouts",
    },
    line: `k8s_audit verb=create apiGroup=argoproj.io resource=rollouts namespace=prod name=web ${tail} requestURI=/apis/argoproj.io/v1alpha1/namespaces/prod/rollouts`,
  },
  {
    what: "a target that only the URI names",
    audit: { ...head, verb: "get", requestURI: "/api/v1/namespaces/prod/secrets/db" },
    line: `k8s_audit verb=get apiGroup=core resource=secrets namespace=prod name=db ${tail} requestURI=/api/v1/namespaces/prod/secrets/db`,
  },
  {
    what: "a login to OpenShift with the user of its annotation",
    audit: {
      ...head,
      verb: "get",
      user: { username: "system:anonymous" },
      requestURI: "/oauth/authorize",
      annotations: { "authentication.openshift.io/username": "bob" },
    },
    line: `k8s_audit verb=get ${tail.replace("alice", "bob")} requestURI=/oauth/authorize`,
  },
  {
    what: "an OAuth token of OpenShift without the token, which is its name",
    audit: {
      ...head,
      verb: "delete",
      objectRef: { resource: "oauthaccesstokens", apiGroup: "oauth.openshift.io", name: "sha256~abc" },
      requestURI: "/apis/oauth.openshift.io/v1/oauthaccesstokens/sha256~abc?timeout=1s",
    },
    line: `k8s_audit verb=delete apiGroup=oauth.openshift.io resource=oauthaccesstokens name=<redacted> ${tail} requestURI=/apis/oauth.openshift.io/v1/oauthaccesstokens/<redacted>`,
  },
  {
    what: "an impersonated user beside the real one",
    audit: { ...head, impersonatedUser: { username: "bob" }, verb: "list", objectRef: { resource: "secrets" } },
    line: "k8s_audit verb=list apiGroup=core resource=secrets user=alice impersonatedUser=bob userAgent=kubectl/v1.31 sourceIP=198.51.100.10 stage=ResponseComplete",
  },
  {
    what: "a name taken from the answer or the body",
    audit: {
      verb: "create",
      objectRef: { resource: "pods" },
      requestObject: { metadata: { generateName: "web-" } },
      responseObject: { metadata: { name: "web-abc" } },
    },
    line: "k8s_audit verb=create apiGroup=core resource=pods name=web-abc",
  },
];

describe("the one-line form of a Kubernetes audit event", () => {
  for (const { what, audit, line } of goldens) {
    it(`renders ${what}`, () => {
      expect(renderAuditLine(audit)).toBe(line);
    });
  }

  it("reads the groups that a certificate request claims", () => {
    const attribute = (last: number, value: string) =>
      Buffer.concat([Buffer.from([6, 3, 0x55, 4, last, 12, value.length]), Buffer.from(value)]);
    const der = Buffer.concat([attribute(10, "system:masters"), attribute(3, "mallory")]).toString("base64");
    const request = Buffer.from(
      `-----BEGIN CERTIFICATE REQUEST-----\n${der}\n-----END CERTIFICATE REQUEST-----\n`,
    ).toString("base64");
    const line = renderAuditLine({
      verb: "create",
      objectRef: { resource: "certificatesigningrequests" },
      requestObject: { spec: { request } },
    });
    expect(line).toContain("requestObject=commonName=mallory,groups=system:masters");
  });

  it("stays on one line and within its bounds", () => {
    const long = {
      ...head,
      verb: "create",
      objectRef: { resource: "widgets", name: "a\nb\u0000c" },
      requestURI: `/x?${"y".repeat(10_000)}`,
      requestObject: {
        spec: Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, "v\r\n".repeat(300)])),
      },
    };
    const line = renderAuditLine(long);
    expect(line).not.toMatch(/[\r\n\0]/);
    expect(line).toContain("name=a b c");
    expect(line.length).toBeLessThan(2_500);
  });
});
