import { type FactList, redacted } from "./fact-list.ts";
import { isObj, list, type Obj, obj, text, texts } from "./safe-value.ts";

/** Type and key names of a Secret; its values are never read. */
export function addSecretFacts(facts: FactList, body: Obj): void {
  facts.add("type", text(body["type"]));
  facts.addAll("keys", keysOf(body, ["data", "stringData"]));
  const account = "kubernetes.io/service-account.name";
  facts.add(`annotations.${account}`, text(obj(obj(body["metadata"])["annotations"])[account]));
}

/** Key names of a ConfigMap; for EKS's aws-auth the roles, users and groups it lets in. */
export function addConfigMapFacts(facts: FactList, body: Obj, name: string): void {
  const data = obj(body["data"]);
  if (name === "aws-auth") {
    const entries = `${text(data["mapRoles"])}\n${text(data["mapUsers"])}`.slice(0, 20_000);
    facts.addAll("mapRoles", yamlValues(entries, /(?:rolearn|userarn):[ \t]*["']?([^\s"']+)/g));
    facts.addAll("groups", yamlValues(entries, /^[ \t]*-[ \t]+["']?([^\s"']+)["']?[ \t]*$/gm));
    return;
  }
  if (name.startsWith("coredns")) facts.add("data.Corefile", text(data["Corefile"]));
  facts.addAll("keys", keysOf(body, ["data", "binaryData"]));
}

function yamlValues(entries: string, pattern: RegExp): string[] {
  return [...new Set([...entries.matchAll(pattern)].map((match) => match[1] ?? ""))].slice(0, 20);
}

function keysOf(body: Obj, names: readonly string[]): string[] {
  return names.flatMap((name) => Object.keys(obj(body[name])).slice(0, 50));
}

/** How a Service is reached: type, ports (`80:8080`, or `80:31432` on every node), outside addresses. */
export function addServiceFacts(facts: FactList, body: Obj): void {
  const spec = obj(body["spec"]);
  facts.add("spec.type", text(spec["type"]));
  facts.add("spec.externalName", text(spec["externalName"]));
  facts.addAll("spec.externalIPs", texts(spec["externalIPs"]));
  facts.addAll("ports", list(spec["ports"]).slice(0, 20).map(obj).map(portPair));
}

function portPair(port: Obj): string {
  const target = text(port["nodePort"]) || text(port["targetPort"]);
  return target === "" ? text(port["port"]) : `${text(port["port"])}:${target}`;
}

/** Hosts, services behind them, and TLS secrets of an Ingress. */
export function addIngressFacts(facts: FactList, body: Obj): void {
  const spec = obj(body["spec"]);
  const rules = list(spec["rules"]).slice(0, 20).map(obj);
  facts.addAll("host", texts(rules.map((rule) => text(rule["host"]))));
  const paths = rules.flatMap((rule) => list(obj(rule["http"])["paths"]).slice(0, 20).map(obj));
  const backends = [spec["defaultBackend"], ...paths.map((path) => path["backend"])].map(obj);
  const services = backends.map((backend) => text(obj(backend["service"])["name"]) || text(backend["serviceName"]));
  facts.addAll("service", [...new Set(texts(services))]);
  facts.addAll(
    "tls",
    texts(
      list(spec["tls"])
        .slice(0, 20)
        .map((entry) => text(obj(entry)["secretName"])),
    ),
  );
}

/** Which way a NetworkPolicy closes or opens for which pods. */
export function addNetworkPolicyFacts(facts: FactList, body: Obj): void {
  const spec = obj(body["spec"]);
  const labels = Object.entries(obj(obj(spec["podSelector"])["matchLabels"])).slice(0, 10);
  if (isObj(spec["podSelector"])) {
    facts.add(
      "podSelector",
      labels.length === 0 ? "{}" : labels.map(([key, value]) => `${key}:${text(value)}`).join(" "),
    );
  }
  facts.addAll("policyTypes", texts(spec["policyTypes"]));
  for (const way of ["ingress", "egress"]) {
    if (list(spec[way]).some((rule) => isObj(rule) && Object.keys(rule).length === 0)) facts.add(`spec.${way}`, "[{}]");
  }
}

/** Where admission webhooks send requests, for what, and what happens when they do not answer. */
export function addWebhookFacts(facts: FactList, body: Obj): void {
  list(body["webhooks"])
    .slice(0, 10)
    .map(obj)
    .forEach((webhook, index) => {
      const client = obj(webhook["clientConfig"]);
      facts.add(`webhooks[${index}].clientConfig.url`, text(client["url"]));
      facts.add(`webhooks[${index}].clientConfig.service.name`, text(obj(client["service"])["name"]));
      if (text(client["caBundle"]) !== "") facts.add(`webhooks[${index}].clientConfig.caBundle`, redacted);
      facts.add(`webhooks[${index}].failurePolicy`, text(webhook["failurePolicy"]));
      const rules = list(webhook["rules"]).slice(0, 10).map(obj);
      facts.addAll(
        "rules",
        rules.flatMap((rule) => [...texts(rule["resources"]), ...texts(rule["operations"])]),
      );
    });
}

/** The CronJob a Job was made from, and whether by hand. */
export function addOwnerFacts(facts: FactList, body: Obj): void {
  const metadata = obj(body["metadata"]);
  const owner = list(metadata["ownerReferences"])
    .map(obj)
    .find((reference) => text(reference["kind"]) === "CronJob");
  if (owner !== undefined) facts.add("owner", `cronjob/${text(owner["name"])}`);
  if (text(obj(metadata["annotations"])["cronjob.kubernetes.io/instantiate"]) === "manual") facts.add("manual", "true");
}
