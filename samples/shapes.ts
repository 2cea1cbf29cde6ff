import type { ClusterStep } from "./intrusions.ts";

/** One executed command before it takes a source's shape. */
export interface Execution {
  readonly timeMs: number;
  readonly host: string;
  readonly user: string;
  readonly session: string;
  readonly command: string;
  readonly pid: number;
  readonly serial: number;
}

/** Splits a command as the kernel would see it: simple words as they are, anything for a shell as `sh -c`. */
function argumentsOf(command: string): string[] {
  return /[|;&<>'"$`\\(){}*!]/.test(command) ? ["sh", "-c", command] : command.split(" ");
}

function rfc3339(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** A process event as Elastic Defend writes it. */
export function elasticDefend(step: Execution): string {
  const args = argumentsOf(step.command);
  return JSON.stringify({
    "@timestamp": rfc3339(step.timeMs),
    agent: { type: "endpoint", id: `agent-${step.host}` },
    data_stream: { dataset: "endpoint.events.process", namespace: "default", type: "logs" },
    ecs: { version: "8.10.0" },
    event: {
      action: "exec",
      category: ["process"],
      dataset: "endpoint.events.process",
      id: `defend-${step.serial}`,
      kind: "event",
      module: "endpoint",
      type: ["start"],
    },
    host: { hostname: step.host, id: `id-${step.host}`, name: step.host, os: { type: "linux" } },
    process: {
      args,
      command_line: args[1] === "-c" ? `sh -c ${args[2]}` : step.command,
      entity_id: `entity-${step.serial}`,
      entry_leader: { entity_id: `leader-${step.session}` },
      executable: `/usr/bin/${args[0]}`,
      name: args[0],
      parent: { executable: "/usr/bin/bash", entity_id: `leader-${step.session}`, pid: 900 },
      pid: step.pid,
    },
    user: { id: "1000", name: step.user },
  });
}

/** A coalesced audit event as Auditbeat and auditd_manager write it. */
export function auditdManager(step: Execution): string {
  const args = argumentsOf(step.command);
  return JSON.stringify({
    "@timestamp": rfc3339(step.timeMs),
    agent: { type: "auditbeat", id: `agent-${step.host}` },
    auditd: {
      data: { syscall: "execve", a0: "55d0c8", a1: "55d0d0", tty: "pts0" },
      message_type: "syscall",
      result: "success",
      sequence: step.serial,
      session: step.session,
    },
    event: {
      action: "executed",
      category: ["process"],
      kind: "event",
      module: "auditd",
      outcome: "success",
      type: ["start"],
    },
    host: { name: step.host, id: `id-${step.host}` },
    process: { args, executable: `/usr/bin/${args[0]}`, name: args[0], pid: step.pid, parent: { pid: 900 } },
    service: { type: "auditd" },
    user: { audit: { id: "1000", name: step.user }, id: "1000", name: step.user },
  });
}

function auditValue(text: string): string {
  return /^[\x21\x23-\x7e]+$/.test(text) ? `"${text}"` : Buffer.from(text, "utf8").toString("hex").toUpperCase();
}

/** The records auditd writes to audit.log for one execution. */
export function auditLines(step: Execution): string {
  const args = argumentsOf(step.command);
  const at = `audit(${(step.timeMs / 1000).toFixed(3)}:${step.serial})`;
  const node = `node=${step.host} `;
  const exe = `/usr/bin/${args[0]}`;
  const list = args.map((text, index) => `a${index}=${auditValue(text)}`).join(" ");
  return [
    `${node}type=SYSCALL msg=${at}: arch=c000003e syscall=59 success=yes exit=0 a0=55d0 a1=55d8 a2=55e0 a3=8 items=2 ppid=900 pid=${step.pid} auid=1000 uid=1000 gid=1000 euid=1000 tty=pts0 ses=${step.session} comm="${args[0]}" exe="${exe}" key="exec"\x1dARCH=x86_64 SYSCALL=execve AUID="${step.user}" UID="${step.user}"`,
    `${node}type=EXECVE msg=${at}: argc=${args.length} ${list}`,
    `${node}type=CWD msg=${at}: cwd="/home/${step.user}"`,
    ...[exe, "/lib64/ld-linux-x86-64.so.2"].map(
      (path, item) =>
        `${node}type=PATH msg=${at}: item=${item} name="${path}" inode=${1_048_600 + item} dev=fd:00 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL`,
    ),
    `${node}type=PROCTITLE msg=${at}: proctitle=${Buffer.from(args.join("\0"), "utf8").toString("hex").toUpperCase()}`,
    `${node}type=EOE msg=${at}: `,
  ].join("\n");
}

/** A row of a plain export. */
export function plainRow(step: Execution): string {
  const { host, user, session, command } = step;
  return JSON.stringify({ timestamp: rfc3339(step.timeMs), host, user, session_id: session, cmdline: command });
}

/** One call to a cluster's API before it takes a source's shape. */
export interface ClusterCall {
  readonly timeMs: number;
  readonly user: string;
  readonly ip: string;
  readonly agent: string;
  readonly serial: number;
  readonly step: ClusterStep;
}

/** A Kubernetes audit event (audit.k8s.io/v1). */
export function auditEvent(call: ClusterCall): Record<string, unknown> {
  const { step } = call;
  const group = step.group === undefined ? "/api/v1" : `/apis/${step.group}/v1`;
  const query = step.command?.map((part) => `command=${encodeURIComponent(part)}`).join("&");
  const parts = [
    group,
    ...(step.namespace ? ["namespaces", step.namespace] : []),
    step.resource,
    step.name,
    step.subresource,
  ];
  const path = parts.filter((part) => part !== undefined).join("/");
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Request",
    auditID: `00000000-0000-4000-8000-${call.serial.toString().padStart(12, "0")}`,
    stage: "ResponseComplete",
    requestURI: query === undefined ? path : `${path}?${query}&container=main&stdin=true&stdout=true`,
    verb: step.verb,
    user: { username: call.user, groups: ["system:authenticated"] },
    sourceIPs: [call.ip],
    userAgent: call.agent,
    objectRef: {
      resource: step.resource,
      ...(step.namespace ? { namespace: step.namespace } : {}),
      ...(step.name ? { name: step.name } : {}),
      ...(step.group ? { apiGroup: step.group } : {}),
      apiVersion: "v1",
      ...(step.subresource ? { subresource: step.subresource } : {}),
    },
    responseStatus: { code: step.subresource === "exec" ? 101 : 200 },
    ...(step.body ? { requestObject: step.body } : {}),
    requestReceivedTimestamp: new Date(call.timeMs).toISOString().replace("Z", "000Z"),
    stageTimestamp: new Date(call.timeMs + 12).toISOString().replace("Z", "000Z"),
  };
}

/** The same event as Elastic's Kubernetes integration stores it. */
export function elasticKubernetes(call: ClusterCall): string {
  const { kind, ...audit } = auditEvent(call);
  return JSON.stringify({
    "@timestamp": new Date(call.timeMs + 4000).toISOString(),
    data_stream: { dataset: "kubernetes.audit_logs", namespace: "default", type: "logs" },
    event: { dataset: "kubernetes.audit_logs", kind: "event" },
    kubernetes: { audit: { kind, ...audit } },
    orchestrator: { cluster: { name: "prod-1" } },
  });
}
