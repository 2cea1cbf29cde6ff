import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { renderAuditLine } from "../../src/normalize/k8s/render-audit-line.ts";

const root = path.resolve(import.meta.dirname, "../../../shared/data/fixtures");
const objectSchema = z.record(z.string(), z.unknown());
const present = existsSync(root);

function read(name: string): string {
  return readFileSync(path.join(root, name), "utf8");
}

function rows(name: string): Record<string, unknown>[] {
  return read(name)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => objectSchema.parse(JSON.parse(line)));
}

/** The value of one token of a line. */
function token(line: string, name: string): string | undefined {
  return new RegExp(` ${name}=(\\S+)`).exec(line)?.[1];
}

describe("the one-line form of real Kubernetes audit events (skipped where ../shared is absent)", () => {
  it.skipIf(!present)("takes an exec command from the URI and a privileged container from the body", () => {
    const exec = renderAuditLine(objectSchema.parse(JSON.parse(read("k8s_audit_raw/falco_trace_exec_pod.json"))));
    expect(exec).toMatch(/ requestURI=\S+\/exec requestObject=container=\S+,command=bash,stdin=true,tty=true$/);
    const pod = read("k8s_audit_raw/falco_trace_create_nginx_pod_privileged.json");
    expect(renderAuditLine(objectSchema.parse(JSON.parse(pod)))).toMatch(/ requestObject=image=nginx,privileged=true$/);
  });

  it.skipIf(!present)(
    "reads the pod of an Elastic document whose metadata was removed, without its environment",
    () => {
      const document = z
        .object({ kubernetes: z.object({ audit: objectSchema }) })
        .parse(JSON.parse(read("k8s_ecs/integrations_audit_logs_sample_event.json")));
      const line = renderAuditLine(document.kubernetes.audit);
      expect(line).toContain("hostNetwork=true,hostPath=/proc ");
      expect(line).toContain("serviceAccountName=elastic-agent");
      expect(line).not.toContain("REDACTED-BY-COLLECTOR");
    },
  );

  it.skipIf(!present)("keeps verb and resource of every EKS and AKS event", () => {
    const inner = z.object({ properties: z.object({ log: z.string() }) });
    const eks = rows("k8s_eks/panther_k8s_eks.ndjson").map((row) => objectSchema.parse(row["log"]));
    const aks = rows("k8s_aks/panther_k8s_aks.ndjson").flatMap((row) => {
      const outer = inner.safeParse(row["log"]);
      return outer.success ? [objectSchema.parse(JSON.parse(outer.data.properties.log))] : [];
    });
    expect(eks.length + aks.length).toBeGreaterThan(188);
    const target = z.looseObject({ resource: z.string().min(1) });
    for (const audit of [...eks, ...aks]) {
      const line = renderAuditLine(audit);
      expect(token(line, "verb")).toBe(audit["verb"]);
      const named = target.safeParse(audit["objectRef"]);
      if (named.success) expect(token(line, "resource")).toBe(named.data.resource);
      expect(line).not.toMatch(/[\r\n]/);
    }
  });
});
