import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderAuditLine } from "../../src/normalize/k8s/render-audit-line.ts";

const resources = [
  "pods",
  "secrets",
  "configmaps",
  "roles",
  "rolebindings",
  "services",
  "ingresses",
  "networkpolicies",
  "certificatesigningrequests",
  "mutatingwebhookconfigurations",
  "deployments",
  "cronjobs",
  "widgets",
  "namespaces",
];
const subresources = [
  "",
  "exec",
  "attach",
  "portforward",
  "token",
  "scale",
  "binding",
  "eviction",
  "approval",
  "ephemeralcontainers",
  "status",
  "x",
];
const keys = [
  "spec",
  "template",
  "containers",
  "metadata",
  "data",
  "rules",
  "subjects",
  "volumes",
  "webhooks",
  "status",
  "conditions",
  "env",
  "securityContext",
  "annotations",
  "labels",
  "ports",
  "request",
  "path",
  "value",
  "op",
  "__proto__",
  "constructor",
];
const { node } = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: "medium" },
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom(...keys), tie("node"), { maxKeys: 5 }),
    fc.array(tie("node"), { maxLength: 4 }),
  ),
}));
const audit = fc.record(
  {
    verb: fc.oneof(fc.constantFrom("create", "patch", "update", "delete"), node),
    objectRef: fc.oneof(
      fc.record({ resource: fc.constantFrom(...resources), subresource: fc.constantFrom(...subresources), name: node }),
      node,
    ),
    requestURI: fc.oneof(
      fc.string().map((text) => `/x?command=${text}&ports=%E0%A4%A`),
      node,
    ),
    requestObject: node,
    responseObject: node,
    user: node,
    impersonatedUser: node,
    userAgent: node,
    sourceIPs: node,
    stage: node,
  },
  { requiredKeys: [] },
);

describe("the one-line form, whatever comes", () => {
  it("is one bounded line for any JSON in every field", () => {
    fc.assert(
      fc.property(audit, (event) => {
        const line = renderAuditLine(event);
        expect(line.startsWith("k8s_audit")).toBe(true);
        expect(line.length).toBeLessThan(5_000);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: no control character may be left.
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      }),
      { numRuns: 1_000 },
    );
  });

  it("never shows a secret's data, an environment value or a token", () => {
    const secret = "hunter2-s3cr3t";
    const places = [
      { resource: "secrets", body: { data: { a: secret }, stringData: { b: secret } } },
      { resource: "configmaps", body: { data: { a: secret } } },
      { resource: "pods", body: { spec: { containers: [{ env: [{ name: "A", value: secret }] }] } } },
      {
        resource: "deployments",
        body: { spec: { template: { spec: { containers: [{ env: [{ name: "A", value: secret }] }] } } } },
      },
      { resource: "tokenreviews", body: { spec: { token: secret } } },
      { resource: "widgets", body: { spec: { password: secret, apiKey: secret, auth: { clientSecret: secret } } } },
      { resource: "secrets", body: [{ op: "add", path: "/data/a", value: secret }] },
      {
        resource: "pods",
        body: [{ op: "add", path: "/spec/containers/0/env/0", value: { name: "A", value: secret } }],
      },
      {
        resource: "deployments",
        body: [{ op: "add", path: "/spec/template/spec/containers/0", value: { env: [{ name: "A", value: secret }] } }],
      },
      { resource: "secrets", body: [{ op: "replace", path: "", value: { data: { a: secret } } }] },
    ];
    const verbs = fc.constantFrom("create", "update", "patch");
    const forms = fc.constantFrom({}, { metadata: { labels: { a: "b" } } }, { apiVersion: "v1", kind: "K" });
    fc.assert(
      fc.property(fc.constantFrom(...places), verbs, forms, ({ resource, body }, verb, form) => {
        const requestObject = Array.isArray(body) ? body : { ...form, ...body };
        expect(renderAuditLine({ verb, objectRef: { resource }, requestObject })).not.toContain(secret);
      }),
      { numRuns: 500 },
    );
  });

  it("stays fast on deep, wide and long bodies", () => {
    let deep: unknown = "x";
    for (let depth = 0; depth < 10_000; depth += 1) deep = depth % 2 === 0 ? { spec: deep } : [deep];
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, { a: index }]));
    for (const requestObject of [
      { spec: deep },
      { spec: wide },
      { spec: { containers: Array(100_000).fill(wide) } },
      { data: { mapRoles: "- ".repeat(500_000) } },
    ]) {
      for (const resource of ["pods", "widgets", "configmaps"]) {
        expect(
          renderAuditLine({ verb: "patch", objectRef: { resource, name: "aws-auth" }, requestObject }).length,
        ).toBeLessThan(3_000);
      }
    }
  }, 10_000);
});
