import type { FactList } from "./fact-list.ts";
import { isObj, isTrue, list, type Obj, obj, text, texts } from "./safe-value.ts";

const maxContainers = 50;
const hostFlags = ["hostPID", "hostNetwork", "hostIPC", "shareProcessNamespace"];

/** The pod spec of a workload, whatever its kind: Pod, template owner, CronJob; undefined when there is none. */
export function findPodSpec(body: Obj): Obj | undefined {
  const spec = obj(body["spec"]);
  const candidates = [
    obj(obj(obj(obj(spec["jobTemplate"])["spec"])["template"])["spec"]),
    obj(obj(spec["template"])["spec"]),
    obj(obj(body["template"])["spec"]),
    spec,
  ];
  return candidates.find((candidate) => isObj(candidate["containers"]) || Array.isArray(candidate["containers"]));
}

/** What a pod runs and what of its node and cluster it reaches; environment values are never read. */
export function addPodSpecFacts(facts: FactList, spec: Obj): void {
  const containers = [...list(spec["initContainers"]), ...list(spec["containers"])].slice(0, maxContainers).map(obj);
  facts.addAll("image", unique(containers.flatMap((container) => texts(container["image"]))));
  const contexts = containers.map((container) => obj(container["securityContext"]));
  if (contexts.some((context) => isTrue(context["privileged"]))) facts.add("privileged", "true");
  facts.addAll("capabilities.add", unique(contexts.flatMap((context) => texts(obj(context["capabilities"])["add"]))));
  if (contexts.some((context) => isTrue(context["allowPrivilegeEscalation"]))) {
    facts.add("allowPrivilegeEscalation", "true");
  }
  if ([spec["securityContext"], ...contexts].some((context) => text(obj(context)["runAsUser"]) === "0"))
    facts.add("runAsUser", "0");
  if (contexts.some((context) => text(context["procMount"]) === "Unmasked")) facts.add("procMount", "Unmasked");
  for (const name of hostFlags) if (isTrue(spec[name])) facts.add(name, "true");
  addVolumeFacts(facts, spec, containers);
  facts.add("serviceAccountName", text(spec["serviceAccountName"]) || text(spec["serviceAccount"]));
  facts.add("nodeName", text(spec["nodeName"]));
  for (const container of containers) {
    facts.addAll("command", texts(container["command"], 1_000));
    facts.addAll("args", texts(container["args"], 1_000));
  }
}

function addVolumeFacts(facts: FactList, spec: Obj, containers: readonly Obj[]): void {
  const volumes = list(spec["volumes"]).slice(0, 100).map(obj);
  const hostVolumes = volumes.filter((volume) => isObj(volume["hostPath"]));
  facts.addAll("hostPath", unique(hostVolumes.flatMap((volume) => texts(obj(volume["hostPath"])["path"]))));
  const hostNames = new Set(hostVolumes.map((volume) => text(volume["name"])));
  const mounts = containers.flatMap((container) => list(container["volumeMounts"]).slice(0, 100).map(obj));
  facts.addAll(
    "mountPath",
    unique(mounts.filter((mount) => hostNames.has(text(mount["name"]))).map((mount) => text(mount["mountPath"]))),
  );
  const mounted = volumes.map((volume) => text(obj(volume["secret"])["secretName"]));
  const environment = containers.flatMap((container) => [
    ...list(container["envFrom"])
      .slice(0, 100)
      .map((source) => text(obj(obj(source)["secretRef"])["name"])),
    ...list(container["env"])
      .slice(0, 100)
      .map((entry) => text(obj(obj(obj(entry)["valueFrom"])["secretKeyRef"])["name"])),
  ]);
  facts.addAll("secret", unique([...mounted, ...environment]));
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== "").slice(0, 20);
}
