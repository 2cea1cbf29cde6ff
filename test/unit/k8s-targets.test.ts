import { describe, expect, it } from "vitest";
import { gkeTarget } from "../../src/normalize/k8s/convert/gke-target.ts";
import { grpcStatus } from "../../src/normalize/k8s/convert/grpc-status.ts";
import { targetOfUri } from "../../src/normalize/k8s/target-of-uri.ts";
import { keepNoise } from "../../src/normalize/keep-noise.ts";
import { parseMapping } from "../../src/normalize/load-mappings.ts";

describe("the target of a request path", () => {
  it.each([
    ["/api/v1/pods", "|v1||pods||"],
    ["/api/v1/namespaces/prod/pods/web-0/exec?command=id", "|v1|prod|pods|web-0|exec"],
    ["/apis/apps/v1/namespaces/prod/deployments/web/scale", "apps|v1|prod|deployments|web|scale"],
    ["/api/v1/nodes/n1/proxy/runningpods/", "|v1||nodes|n1|proxy"],
    ["/api/v1/namespaces", "|v1||namespaces||"],
    ["/api/v1/namespaces/prod", "|v1|prod|namespaces|prod|"],
    ["/api/v1/namespaces/prod/finalize", "|v1|prod|namespaces|prod|finalize"],
    ["/api/v1/watch/namespaces/prod/pods", "|v1|prod|pods||"],
    ["/apis/rbac.authorization.k8s.io/v1/clusterroles/a%2Fb", "rbac.authorization.k8s.io|v1||clusterroles|a/b|"],
    ["/api/v1/pods/%E0%A4%A", "|v1||pods|%E0%A4%A|"],
  ])("reads %s", (uri, expected) => {
    const found = targetOfUri(uri);
    expect(
      [found?.apiGroup, found?.apiVersion, found?.namespace, found?.resource, found?.name, found?.subresource].join(
        "|",
      ),
    ).toBe(expected);
  });

  it.each(["/healthz", "/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "", "/version?x=/api/v1/pods"])(
    "finds none in %s",
    (uri) => {
      expect(targetOfUri(uri)).toBeUndefined();
    },
  );
});

describe("the target of a Cloud Audit method", () => {
  it("has name and namespace from the path and the resource from the method", () => {
    expect(gkeTarget("io.k8s.core.v1.namespaces.finalize.update", "core/v1/namespaces/prod/finalize")).toMatchObject({
      verb: "update",
      objectRef: { apiGroup: "", resource: "namespaces", name: "prod", subresource: "finalize" },
    });
    expect(gkeTarget("io.k8s.apps.v1beta1.deployments.list", "")).toMatchObject({
      verb: "list",
      objectRef: { apiGroup: "apps", apiVersion: "v1beta1", resource: "deployments" },
    });
    expect(gkeTarget("io.k8s.authorization.rbac.v1.roles.get", "")).toMatchObject({
      objectRef: { apiGroup: "rbac.authorization.k8s.io" },
    });
  });

  it("is a path where the method names no resource, and nothing for other services", () => {
    expect(gkeTarget("io.k8s.readyz", "")).toEqual({ verb: "get", objectRef: {}, path: "/readyz" });
    expect(gkeTarget("io.k8s.post", "/metrics")).toEqual({ verb: "post", objectRef: {}, path: "/metrics" });
    for (const method of ["storage.buckets.list", "google.container.v1.ClusterManager", "io.k8s", "", "v1"])
      expect(gkeTarget(method, "x")).toBeUndefined();
  });

  it("writes a gRPC code as the HTTP code it stands for", () => {
    expect([undefined, {}, { code: 0 }].map((status) => grpcStatus(status).code)).toEqual(["200", "200", "200"]);
    expect(grpcStatus({ code: 7 })).toEqual({ code: "403", reason: "PERMISSION_DENIED" });
    expect(grpcStatus({ code: 5 }).code).toBe("404");
    expect(grpcStatus({ code: 404 })).toEqual({ code: "404", reason: "" });
    expect(grpcStatus({ code: -1 }).code).toBe("-1");
  });
});

describe("noise", () => {
  const yaml = (noise: string) => `
name: m
version: 1
title: t
precedence: 1
recognise: { field: a, exists: true }
skip:
  - { when: { field: a, equals: x }, code: quiet, reason: r${noise} }
  - { when: { field: a, equals: y }, code: other, reason: r }
text: [a]`;

  it("is kept by dropping its skip rules, and no others", () => {
    const [kept] = keepNoise([parseMapping(yaml(", noise: true"), "m.yaml")]);
    expect(kept?.skip?.map((rule) => rule.code)).toEqual(["other"]);
    const [same] = keepNoise([parseMapping(yaml(""), "m.yaml")]);
    expect(same?.skip).toHaveLength(2);
  });
});
