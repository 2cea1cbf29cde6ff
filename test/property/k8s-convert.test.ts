import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { isObject } from "../../src/normalize/compile-path.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { auditConverters } from "../../src/normalize/k8s/convert/audit-converters.ts";
import { renderAuditLine } from "../../src/normalize/k8s/render-audit-line.ts";
import { undotAudit } from "../../src/normalize/k8s/undot-audit.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import type { Document } from "../../src/sdk/document.ts";

const mappings = loadMappings(path.resolve(import.meta.dirname, "../../mappings"));

/** Names the converters look for, whole and in pieces. */
const names =
  "kubernetes audit kubernetes.audit json verb user username user.username groups objectRef resource objectRef.resource subresource requestObject requestObject.spec.containers.0.image spec containers image protoPayload gcp methodName resourceName status code authenticationInfo requestMetadata labels resource.labels operation output_fields ka ka.verb ka.uri ka.target.resource falco api operation unmapped resources http_request url path actor name Verb AuditId ObjectRef User http method attributes network client ip annotations requestURI sourceIPs userAgent 0 __proto__ constructor toString"
    .split(" ")
    .filter((name, index, all) => all.indexOf(name) === index);
const words = [
  "create",
  "io.k8s.core.v1.pods.exec.create",
  "core/v1/namespaces/a/pods/b/exec",
  "/api/v1/namespaces/a/pods/b/exec?command=%E0%A4%A&command=x",
  "(a,b)",
  "<NA>",
  '{"verb":"get"}',
  "{",
  "audit.k8s.io/v1",
  "\ud800",
  "x\u0000\n",
];
const leaf = fc.oneof(fc.constantFrom(...words), fc.jsonValue({ maxDepth: 1 }), fc.double(), fc.constant(null));
const { node } = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("node"), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom(...names), tie("node")), { maxLength: 6 })
      // As JSON.parse does: `__proto__` is a key like any other.
      .map((entries) =>
        JSON.parse(`{${entries.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v) ?? "null"}`).join()}}`),
      ),
  ),
}));
const tops = ["kubernetes", "kubernetes.audit", "protoPayload", "output_fields", "api", "http", "attributes", "gcp"];
const document = fc.tuple(fc.constantFrom(...tops), node, node).map(([top, inner, rest]): Document => {
  const base: unknown = isObject(rest) ? rest : {};
  return { ...(isObject(base) ? base : {}), [top]: inner };
});

function textsOf(one: Document): string[] {
  const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "test" });
  const record = { kind: "document", document: one, container: "c", id: "line:1", sequence: 1 } as const;
  const results = [...normalizer.normalize([record]), ...normalizer.flush()];
  expect(results.length).toBeGreaterThan(0);
  return results.flatMap((result) => (result.kind === "event" ? [result.event.text] : []));
}

describe("the converters of Kubernetes audit shapes, whatever comes", () => {
  for (const [name, convert] of auditConverters) {
    it(`${name} gives events that render to one bounded line, or nothing`, () => {
      fc.assert(
        fc.property(document, (one) => {
          for (const audit of convert(one) ?? []) {
            const line = renderAuditLine(audit);
            expect(line.length).toBeLessThan(5_000);
            // biome-ignore lint/suspicious/noControlCharactersInRegex: no control character may be left.
            expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
          }
        }),
        { numRuns: 300 },
      );
    });
  }

  it("survive depth, width, long keys and prototype names", () => {
    const depth = 10_000;
    const deep: unknown = JSON.parse(`${'{"spec":'.repeat(depth)}1${"}".repeat(depth)}`);
    const long = "k".repeat(1_048_576);
    const dotted = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, at) => [`kubernetes.audit.requestObject.spec.a${at}.b`, at]),
    );
    const hostile: Document[] = [
      { kubernetes: { audit: { verb: "create", objectRef: { resource: "widgets" }, requestObject: deep } } },
      { kubernetes: deep },
      { "kubernetes.audit.verb": "get", [`kubernetes.audit.requestObject.${long}`]: 1 },
      { "kubernetes.audit.verb": "get", [`kubernetes.audit.requestObject.${"a.".repeat(100_000)}b`]: 1 },
      { "kubernetes.audit.verb": "get", "kubernetes.audit.objectRef.resource": "widgets", ...dotted },
      JSON.parse(
        '{"kubernetes.audit.verb":"get","kubernetes.audit.user.__proto__.username":"x","__proto__":{"verb":"x"}}',
      ),
      { protoPayload: { serviceName: "k8s.io", methodName: `io.k8s.${"a.".repeat(100_000)}create` } },
      { protoPayload: { methodName: "io.k8s.core.v1.pods.get", resourceName: "/".repeat(1_000_000) } },
      { output_fields: { "ka.verb": "get", "ka.uri": `/api/v1/${"%".repeat(1_000_000)}` }, source: "k8s_audit" },
    ];
    for (const one of hostile) for (const text of textsOf(one)) expect(text.length).toBeLessThan(5_000);
    expect(Object.prototype).not.toHaveProperty("username");
  }, 10_000);
});

/** What Elasticsearch's flattening and log shippers do to an object: every path a key. */
function flatten(value: unknown, at: string, out: Record<string, unknown>): Record<string, unknown> {
  if (Array.isArray(value) && value.some(isObject)) {
    value.forEach((item, index) => {
      flatten(item, `${at}.${index}`, out);
    });
  } else if (isObject(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, at === "" ? key : `${at}.${key}`, out);
  } else out[at] = value;
  return out;
}

describe("an audit event with dotted keys", () => {
  const name = fc.constantFrom("a", "b", "image", "privileged", "hostPID", "volumes");
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom("x", true, 1),
      fc.array(fc.dictionary(name, tie("leaf"), { minKeys: 1, maxKeys: 3 }), { minLength: 1, maxLength: 3 }),
      fc.dictionary(name, tie("tree"), { minKeys: 1, maxKeys: 3 }),
    ),
    leaf: fc.constantFrom("x", true, 1),
  }));

  it("reads like the nested one", () => {
    fc.assert(
      fc.property(fc.dictionary(name, tree, { minKeys: 1, maxKeys: 4 }), (spec) => {
        const audit = {
          verb: "create",
          objectRef: { resource: "widgets", namespace: "n" },
          user: { username: "alice", extra: { "authentication.kubernetes.io/credential-id": ["c"] } },
          annotations: { "authorization.k8s.io/decision": "allow" },
          requestObject: { metadata: { labels: { "app.kubernetes.io/name": "w" } }, spec },
        };
        expect(JSON.parse(JSON.stringify(undotAudit(flatten(audit, "", {}))))).toEqual(audit);
      }),
      { numRuns: 300 },
    );
  });
});
