import path from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { keepNoise } from "../../src/normalize/keep-noise.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import type { Result } from "../../src/normalize/result.ts";
import type { Document } from "../../src/sdk/document.ts";

const mappings = loadMappings(path.resolve(import.meta.dirname, "../../mappings"));

const audit = fc.record({
  kind: fc.constant("Event"),
  apiVersion: fc.constant("audit.k8s.io/v1"),
  verb: fc.constantFrom("get", "list", "watch", "create", "update", "patch", "delete"),
  objectRef: fc.record({
    resource: fc.constantFrom(
      "leases",
      "nodes",
      "pods",
      "events",
      "endpoints",
      "subjectaccessreviews",
      "secrets",
      "roles",
    ),
    subresource: fc.constantFrom("", "status", "exec", "token"),
  }),
  requestURI: fc.constantFrom("/healthz", "/api/v1/pods", "/livez/ping"),
  user: fc.record({
    username: fc.constantFrom(
      "system:node:n1",
      "system:kube-scheduler",
      "system:apiserver",
      "system:anonymous",
      "system:serviceaccount:kube-system:job-controller",
      "alice",
    ),
  }),
  userAgent: fc.constantFrom("kubelet/v1.31", "kube-controller-manager/v1.31", "kubectl/v1.31", "x leader-election"),
  responseStatus: fc.record({ code: fc.constantFrom(200, 401, 403, 404) }),
  annotations: fc.constantFrom({}, { "authorization.k8s.io/decision": "forbid" }),
  impersonatedUser: fc.constantFrom(undefined, { username: "system:admin" }),
});

function read(from: typeof mappings): (document: Document) => Result | undefined {
  const normalizer = createNormalizer({ mappings: from, readers: builtInReaders, source: "test" });
  return (document) =>
    normalizer.normalize([{ kind: "document", document, container: "c", id: "line:1", sequence: 1 }])[0];
}

it("skips as noise nothing that was forbidden, done for another, done by a person, on a secret, or an exec; and nothing at all when noise is kept", () => {
  const byDefault = read(mappings);
  const keeping = read(keepNoise(mappings));
  let skipped = 0;
  fc.assert(
    fc.property(audit, (event) => {
      const result = byDefault(event);
      expect(keeping(event)?.kind).toBe("event");
      if (result?.kind !== "skipped") return;
      skipped += 1;
      expect(result.code).toBe("k8s_noise");
      expect([401, 403]).not.toContain(event.responseStatus.code);
      expect(event.annotations).toEqual({});
      expect(event.impersonatedUser).toBeUndefined();
      expect(event.objectRef.resource).not.toBe("secrets");
      expect(event.user.username).not.toBe("alice");
      expect(event.verb).not.toBe("delete");
    }),
    { numRuns: 3_000 },
  );
  expect(skipped).toBeGreaterThan(20);
});
