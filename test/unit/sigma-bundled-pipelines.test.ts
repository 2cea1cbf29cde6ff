import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { createPipeline, type Detection, type Item, parsePipeline, type Transformed } from "../../src/sigma/index.ts";
import { writePattern } from "../../src/sigma/parse/string-pattern.ts";
import { onlyRule } from "./sigma-samples.ts";

const folder = resolve(import.meta.dirname, "../../rules/pipelines");

function transform(pipeline: string, logsource: string, selection: string): Transformed {
  const file = join(folder, `${pipeline}.yaml`);
  const parsed = parsePipeline(readFileSync(file, "utf8"), file);
  if (parsed.kind === "refused") throw new Error(JSON.stringify(parsed.problems));
  const rule = onlyRule(`title: T\nlogsource: {${logsource}}\ndetection: {s: {${selection}}, condition: s}\n`);
  return createPipeline([parsed.spec]).transform(rule);
}

/** `field=value` of every item, those of added conditions last, or why the rule is refused. */
function fieldsAfter(pipeline: string, logsource: string, selection: string): string[] | string {
  const result = transform(pipeline, logsource, selection);
  if (result.kind === "refused") return result.reason;
  if (result.subject.kind !== "rule") throw new Error("no rule");
  const walk = (node: Detection | Item): string[] =>
    node.kind === "detection"
      ? node.members.flatMap(walk)
      : [
          `${node.kind === "field" ? node.field : ""}=${node.values
            .map((value) =>
              value.kind === "string" ? writePattern(value.parts) : "value" in value ? String(value.value) : value.kind,
            )
            .join("|")}`,
        ];
  return [...result.subject.detections.values()].flatMap(walk);
}

const linux = "category: process_creation, product: linux";
const audit = "product: kubernetes, service: audit";

describe("bundled pipelines", () => {
  it("are named as their files, and can be read", () => {
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThan(6);
    for (const file of files) {
      const parsed = parsePipeline(readFileSync(join(folder, file), "utf8"), file);
      expect(parsed.kind === "parsed" ? parsed.spec.name : parsed.problems).toBe(file.replace(".yaml", ""));
    }
  });

  it.each([
    [
      "ecs-linux-elastic-defend",
      linux,
      "Image|endswith: /nc, CommandLine|contains: ' -e '",
      [
        "process.executable=*/nc",
        "process.command_line=* -e *",
        "event.category=process",
        "event.type=start",
        "host.os.type=linux",
      ],
    ],
    [
      "ecs-linux-elastic-defend",
      "category: file_event, product: linux",
      "TargetFilename|startswith: /etc/",
      ["file.path=/etc/*", "event.category=file", "event.type=creation|change", "host.os.type=linux"],
    ],
    [
      "ecs-linux-elastic-defend",
      "category: network_connection, product: linux",
      "Initiated: 'true', DestinationPort: 4444",
      [
        "network.direction=egress",
        "destination.port=4444",
        "event.category=network",
        "event.type=start",
        "host.os.type=linux",
      ],
    ],
    [
      "ecs-linux-auditd-manager",
      linux,
      "CommandLine|contains: x, User: root",
      [
        "process.title=*x*",
        "user.name=root",
        "event.category=process",
        "event.action=executed|exec|process_started|ran-command",
        "event.module=auditd",
      ],
    ],
    [
      "ecs-linux-auditd-manager",
      "product: linux, service: auditd",
      "type: EXECVE, a0: nc, a1|contains: e",
      ["auditd.message_type=syscall", "process.args=nc", "process.args=*e*", "event.module=auditd"],
    ],
    [
      "ecs-linux-auditbeat",
      "product: linux, service: auditd",
      "type: SYSCALL, a0: '2', SYSCALL: socket, exe: /x",
      [
        "auditd.message_type=syscall",
        "auditd.data.a0=2",
        "auditd.data.syscall=socket",
        "process.executable=/x",
        "event.module=auditd",
      ],
    ],
    [
      "ecs-kubernetes-audit",
      audit,
      "verb: create, objectRef.resource: pods, hostPath: /",
      [
        "kubernetes.audit.verb=create",
        "kubernetes.audit.objectRef.resource=pods",
        "kubernetes.audit.requestObject.spec.volumes.hostPath.path=/",
        "event.dataset=kubernetes.audit_logs",
      ],
    ],
    ["kubernetes-audit", audit, "verb: create, apiGroup: apps", ["verb=create", "objectRef.apiGroup=apps"]],
    [
      "tagsmith",
      "product: tagsmith, category: label",
      "tag: spawn_reverse_shell, score.spawn_reverse_shell|gte: 0.6, tagsmith.text|contains: nc",
      ["tagsmith.tags=spawn_reverse_shell", "tagsmith.score.spawn_reverse_shell=0.6", "tagsmith.text=*nc*"],
    ],
    [
      "tagsmith-events",
      linux,
      "Image: /bin/sh, CommandLine: x",
      ["tagsmith.process.executable=/bin/sh", "tagsmith.text=x", "tagsmith.platform=linux"],
    ],
    [
      "tagsmith-events",
      audit,
      "verb: [create, patch], apiGroup: '', responseStatus.code: 403",
      [
        "tagsmith.text=* verb=create *|* verb=patch *",
        "tagsmith.text=* apiGroup=core *",
        "tagsmith.facts.response_code=403",
        "tagsmith.platform=k8s_audit",
      ],
    ],
  ])("%s renames fields of %s {%s}", (pipeline, logsource, selection, expected) => {
    expect(fieldsAfter(pipeline, logsource, selection)).toEqual(expected);
  });

  it.each([
    ["ecs-linux-elastic-defend", linux, "LogonId: 5", "not mapped: LogonId"],
    ["ecs-linux-elastic-defend", "product: windows", "Image: x", "reads another log"],
    ["ecs-linux-auditd-manager", linux, "ParentImage: x", "not mapped: ParentImage"],
    ["ecs-kubernetes-audit", audit, "color: x", "not mapped: color"],
    ["tagsmith", linux, "Image: x", "name the product tagsmith"],
    ["tagsmith-events", audit, "objectRef.resource: 'pods*'", "only whole values"],
    ["tagsmith-events", audit, "objectRef.subresource: null", "only whole values"],
  ])("%s refuses of %s {%s}", (pipeline, logsource, selection, reason) => {
    expect(fieldsAfter(pipeline, logsource, selection)).toContain(reason);
  });

  it("say which indices a rule reads", () => {
    const result = transform("ecs-linux-elastic-defend", linux, "Image: x");
    expect(result).toMatchObject({ state: new Map([["index", "logs-endpoint.events.process-*"]]) });
  });
});
