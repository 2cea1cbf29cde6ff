import type { FactList } from "./fact-list.ts";
import { list, type Obj, obj, text, texts } from "./safe-value.ts";

const maxRules = 10;

/** Rules of a Role or ClusterRole, numbered. */
export function addRoleFacts(facts: FactList, body: Obj): void {
  const rules = list(body["rules"]).slice(0, maxRules).map(obj);
  rules.forEach((rule, index) => {
    const groups = texts(rule["apiGroups"]);
    if (groups.includes("*")) facts.add(`rules[${index}].apiGroups`, "*");
    facts.addAll(`rules[${index}].resources`, texts(rule["resources"]));
    facts.addAll(`rules[${index}].nonResourceURLs`, texts(rule["nonResourceURLs"]));
    facts.addAll(`rules[${index}].resourceNames`, texts(rule["resourceNames"]));
    facts.addAll(`rules[${index}].verbs`, texts(rule["verbs"]));
  });
}

/** Role and subjects of a RoleBinding or ClusterRoleBinding. */
export function addBindingFacts(facts: FactList, body: Obj): void {
  facts.add("roleRef", text(obj(body["roleRef"])["name"]));
  const subjects = list(body["subjects"]).slice(0, 20).map(obj).map(subjectName);
  // OpenShift's own bindings of old name users and groups apart.
  const users = texts(body["userNames"]).map((name) => (name.startsWith("system:") ? name : `User:${name}`));
  const groups = texts(body["groupNames"]).map((name) => `Group:${name}`);
  facts.addAll("subject", subjects.length > 0 ? subjects : [...users, ...groups]);
}

function subjectName(subject: Obj): string {
  const kind = text(subject["kind"]);
  const name = text(subject["name"]);
  if (kind === "ServiceAccount") return `system:serviceaccount:${text(subject["namespace"])}:${name}`;
  return kind === "" ? name : `${kind}:${name}`;
}

/** What a SubjectAccessReview and its kin ask: who, which verb on which resource or path. */
export function addAccessReviewFacts(facts: FactList, body: Obj): void {
  const spec = obj(body["spec"]);
  facts.add("spec.user", text(spec["user"]));
  facts.addAll("spec.groups", texts(spec["groups"]));
  facts.add("spec.namespace", text(spec["namespace"]));
  const resource = obj(spec["resourceAttributes"]);
  for (const name of ["verb", "group", "resource", "subresource", "namespace", "name"]) {
    facts.add(`spec.resourceAttributes.${name}`, text(resource[name]));
  }
  const path = obj(spec["nonResourceAttributes"]);
  facts.add("spec.nonResourceAttributes.verb", text(path["verb"]));
  facts.add("spec.nonResourceAttributes.path", text(path["path"]));
}

/** TokenRequest and TokenReview; never the token. */
export function addTokenFacts(facts: FactList, body: Obj): void {
  const spec = obj(body["spec"]);
  facts.addAll("audiences", texts(spec["audiences"]));
  facts.add("expirationSeconds", text(spec["expirationSeconds"]));
  const bound = obj(spec["boundObjectRef"]);
  facts.add("boundObjectRef.kind", text(bound["kind"]));
  facts.add("boundObjectRef.name", text(bound["name"]));
}

/** A CertificateSigningRequest: the signer, the groups its subject claims, and the usages. */
export function addCertificateFacts(facts: FactList, body: Obj): void {
  const spec = obj(body["spec"]);
  facts.add("signerName", text(spec["signerName"]));
  const subject = requestSubject(text(spec["request"]));
  facts.addAll("commonName", subject.names);
  facts.addAll("groups", subject.organizations);
  facts.addAll("usages", texts(spec["usages"]));
  facts.add("expirationSeconds", text(spec["expirationSeconds"]));
}

const maxRequestChars = 32_768;

/** Common names and organizations (the groups of the user) in a base64 PEM PKCS #10 request. */
function requestSubject(request: string): { readonly names: string[]; readonly organizations: string[] } {
  if (request.length === 0 || request.length > maxRequestChars) return { names: [], organizations: [] };
  const pem = Buffer.from(request, "base64").toString("latin1");
  const der = Buffer.from(pem.replace(/-----[^-]*-----/g, ""), "base64");
  return { names: attributes(der, 3), organizations: attributes(der, 10) };
}

/** Strings that follow the object id 2.5.4.`last` (X.520 attribute types). */
function attributes(der: Buffer, last: number): string[] {
  const objectId = Buffer.from([6, 3, 0x55, 4, last]);
  const found: string[] = [];
  for (let at = der.indexOf(objectId); at >= 0 && found.length < 10; at = der.indexOf(objectId, at + 5)) {
    const length = der[at + 6] ?? 0;
    if (length > 0 && length < 128) found.push(der.toString("utf8", at + 7, at + 7 + length));
  }
  return found;
}
