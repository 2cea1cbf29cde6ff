import type { Document } from "../src/sdk/document.ts";

/** Makes the documents of one event; the same for the same number and random numbers. */
export type Shape = (number: number, random: () => number) => object[];

const commands = [
  "ls -la /srv/app",
  "curl -fsS https://example.com/health",
  "systemctl status nginx",
  "tail -n 50 /var/log/app.log",
];

/** The shapes most indices hold, as large as they are there. */
export const frequentShapes: readonly Shape[] = [plainRow, elasticDefend, auditbeat, auditLines, k8sEvent, k8sElastic];

function commandOf(number: number, random: () => number): string {
  return `${commands[Math.floor(random() * commands.length)]} --id ${number}`;
}

function timeOf(number: number): string {
  return new Date(1_780_000_000_000 + number * 137).toISOString();
}

function plainRow(number: number, random: () => number): object[] {
  return [{ cmdline: commandOf(number, random), session_id: `s${number % 500}`, platform: "linux" }];
}

function elasticDefend(number: number, random: () => number): object[] {
  const command = commandOf(number, random);
  const args = command.split(" ");
  const entity = (name: string) => `${name}${number % 700}bmVyLTEyMzQ1Njc4OTAtYWJjZGVmZ2hpams=`;
  return [
    {
      "@timestamp": timeOf(number),
      agent: { id: "0c1d7a52-0000-4000-8000-000000000001", type: "endpoint", version: "8.19.0" },
      data_stream: { dataset: "endpoint.events.process", namespace: "default", type: "logs" },
      ecs: { version: "8.10.0" },
      event: {
        action: "exec",
        category: ["process"],
        dataset: "endpoint.events.process",
        id: `N${number}`,
        kind: "event",
        module: "endpoint",
        type: ["start"],
      },
      group: { id: "1000", name: "ops" },
      host: {
        architecture: "x86_64",
        hostname: `web-${number % 9}`,
        id: `h${number % 9}`,
        ip: ["192.0.2.1"],
        name: `web-${number % 9}`,
        os: { family: "debian", kernel: "6.8.0", name: "Linux", type: "linux", version: "24.04" },
      },
      process: {
        args,
        args_count: args.length,
        command_line: command,
        entity_id: entity("p"),
        entry_leader: { entity_id: entity("e"), executable: "/usr/sbin/sshd", pid: 900 + (number % 700) },
        executable: `/usr/bin/${args[0]}`,
        group_leader: { entity_id: entity("g"), pid: 1000 },
        name: args[0],
        parent: {
          args: ["-bash"],
          command_line: "-bash",
          entity_id: entity("b"),
          executable: "/usr/bin/bash",
          name: "bash",
          pid: 1001,
        },
        pid: 2000 + number,
        session_leader: { entity_id: entity("s"), pid: 1000 },
        working_directory: "/home/ops",
      },
      user: { id: 1000, name: "ops" },
    },
  ];
}

function auditbeat(number: number, random: () => number): object[] {
  const args = commandOf(number, random).split(" ");
  return [
    {
      "@timestamp": timeOf(number),
      agent: { id: "0c1d7a52-0000-4000-8000-000000000002", name: "db-1", type: "auditbeat" },
      auditd: {
        data: {
          a0: "55d0",
          a1: "55d1",
          a2: "55d2",
          a3: "8",
          arch: "x86_64",
          argc: String(args.length),
          exit: "0",
          syscall: "execve",
          tty: "pts0",
        },
        message_type: "syscall",
        result: "success",
        session: String(number % 300),
        summary: {
          actor: { primary: "ops", secondary: "root" },
          how: `/usr/bin/${args[0]}`,
          object: { primary: `/usr/bin/${args[0]}`, type: "file" },
        },
      },
      event: {
        action: "executed",
        category: ["process"],
        kind: "event",
        module: "auditd",
        outcome: "success",
        type: ["start"],
      },
      host: { name: `db-${number % 4}` },
      process: {
        args,
        executable: `/usr/bin/${args[0]}`,
        name: args[0],
        parent: { pid: 812 },
        pid: number,
        title: args.join(" "),
        working_directory: "/root",
      },
      user: { audit: { id: "1000", name: "ops" }, effective: { id: "0", name: "root" }, id: "0", name: "root" },
    },
  ];
}

function auditLines(number: number, random: () => number): object[] {
  const args = commandOf(number, random).split(" ");
  const stamp = `msg=audit(${1_780_000_000 + number}.123:${number})`;
  const argv = args.map((arg, index) => `a${index}="${arg}"`).join(" ");
  return [
    `type=SYSCALL ${stamp}: arch=c000003e syscall=59 success=yes exit=0 a0=55d0 a1=55d1 a2=55d2 a3=8 items=2 ppid=812 pid=${number} auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=${number % 300} comm="${args[0]}" exe="/usr/bin/${args[0]}" key="exec"`,
    `type=EXECVE ${stamp}: argc=${args.length} ${argv}`,
    `type=CWD ${stamp}: cwd="/root"`,
    `type=PROCTITLE ${stamp}: proctitle=${Buffer.from(args.join("\0")).toString("hex").toUpperCase()}`,
  ].map((message) => ({ message, host: { name: "web-1" } }));
}

function auditOf(number: number): Document {
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "RequestResponse",
    auditID: `0c1d7a52-0000-4000-8000-${String(number).padStart(12, "0")}`,
    stage: "ResponseComplete",
    requestURI: `/api/v1/namespaces/prod/pods/web-${number % 50}/exec?command=ls&command=-la&container=web&stdout=true`,
    verb: "create",
    user: { username: `user${number % 20}@example.com`, groups: ["system:authenticated"] },
    sourceIPs: ["198.51.100.10"],
    userAgent: "kubectl/v1.31.0 (linux/amd64) kubernetes/9edcffc",
    objectRef: {
      resource: "pods",
      namespace: "prod",
      name: `web-${number % 50}`,
      apiVersion: "v1",
      subresource: "exec",
    },
    responseStatus: { metadata: {}, code: 101 },
    requestReceivedTimestamp: timeOf(number).replace("Z", "123Z"),
    stageTimestamp: timeOf(number).replace("Z", "456Z"),
    annotations: { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
  };
}

function k8sEvent(number: number): object[] {
  return [auditOf(number)];
}

function k8sElastic(number: number): object[] {
  return [
    {
      "@timestamp": timeOf(number),
      agent: { id: "0c1d7a52-0000-4000-8000-000000000003", type: "filebeat" },
      event: { action: "create", dataset: "kubernetes.audit_logs", kind: "event", outcome: "success" },
      kubernetes: { audit: auditOf(number) },
      orchestrator: { cluster: { name: "prod-1" } },
      user: { name: "ops" },
    },
  ];
}
