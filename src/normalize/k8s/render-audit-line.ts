import { parseJson } from "../parse-json.ts";
import { redacted } from "./fact-list.ts";
import { requestFacts } from "./request-facts.ts";
import { readTarget } from "./request-target.ts";
import { redactUri, splitUri } from "./request-uri.ts";
import { isObj, type Obj, obj, oneLine, text } from "./safe-value.ts";
import { streamSubresources } from "./stream-facts.ts";
import { undotAudit } from "./undot-audit.ts";

const maxTokenChars = 253;
const maxUriChars = 400;
const maxBodyChars = 1_048_576;

/**
 * The one-line form of a Kubernetes audit event (audit.k8s.io/v1), absent parts left out:
 * `k8s_audit verb= apiGroup= resource= subresource= namespace= name= user= impersonatedUser= userAgent= sourceIP= stage= requestURI= requestObject=`.
 *
 * Keys may be nested or dotted. Total: takes any object and never throws. Secret data, environment values and tokens are
 * left out or `<redacted>`.
 */
export function renderAuditLine(given: Obj): string {
  const audit = undotAudit(given);
  const body = parseBody(audit["requestObject"]);
  const verb = text(audit["verb"]);
  const uri = text(audit["requestURI"]);
  const { path, query } = splitUri(uri);
  const target = readTarget(obj(audit["objectRef"]), path);
  const { resource, subresource } = target;
  const isToken = tokenResources.has(resource);
  const name =
    isToken && target.name !== "" ? redacted : resource === "" ? target.name : objectName(audit, target.name, body);
  let line = "k8s_audit";
  line += token(" verb=", verb);
  if (resource !== "") line += token(" apiGroup=", target.apiGroup || "core");
  line += token(" resource=", resource);
  line += token(" subresource=", subresource);
  line += token(" namespace=", target.namespace);
  line += token(" name=", name);
  line += token(" user=", userName(audit));
  line += token(" impersonatedUser=", text(obj(audit["impersonatedUser"])["username"]));
  line += token(" userAgent=", product(text(audit["userAgent"])));
  line += token(" sourceIP=", text(audit["sourceIPs"]));
  line += token(" stage=", text(audit["stage"]));
  const facts = requestFacts({ verb, resource, subresource, name, query }, body);
  // The query of a stream is what the facts are made of.
  const isQueryKnown = streamSubresources.has(subresource) && facts !== "";
  const shown = isToken ? redactName(path, target.name) : isQueryKnown ? path : redactUri(uri);
  if (shown !== "") line += ` requestURI=${oneLine(shown, maxUriChars)}`;
  return facts === "" ? line : `${line} requestObject=${facts}`;
}

/** OpenShift names these objects by the token itself, or its hash. */
const tokenResources: ReadonlySet<string> = new Set([
  "oauthaccesstokens",
  "oauthauthorizetokens",
  "useroauthaccesstokens",
]);

function redactName(path: string, name: string): string {
  return name === "" ? path : path.replaceAll(encodeURIComponent(name), redacted).replaceAll(name, redacted);
}

function token(label: string, value: string): string {
  return value === "" ? "" : label + oneLine(value, maxTokenChars);
}

/** The first product of a user agent: `kubectl/v1.31 (linux/amd64) …` → `kubectl/v1.31`. */
function product(userAgent: string): string {
  const agent = userAgent.trimStart();
  const space = agent.indexOf(" ");
  return space < 0 ? agent : agent.slice(0, space);
}

/** At a login to OpenShift the API server does not know the user yet, but an annotation does. */
function userName(audit: Obj): string {
  const name = text(obj(audit["user"])["username"]);
  if (name !== "" && name !== "system:anonymous") return name;
  return text(obj(audit["annotations"])["authentication.openshift.io/username"]) || name;
}

/** On create the reference often lacks the name, and the body, or the answer, has it. */
function objectName(audit: Obj, known: string, body: unknown): string {
  if (known !== "" || !isObj(body)) return known === "" ? metadataName(audit["responseObject"]) : known;
  const metadata = obj(body["metadata"]);
  return text(metadata["name"]) || metadataName(audit["responseObject"]) || text(metadata["generateName"]);
}

function metadataName(value: unknown): string {
  return text(obj(obj(value)["metadata"])["name"]);
}

/** Some shippers keep request bodies as JSON text. */
function parseBody(value: unknown): unknown {
  if (typeof value !== "string" || value.length > maxBodyChars) return value;
  const first = value.trimStart().charAt(0);
  if (first !== "{" && first !== "[") return value;
  return parseJson(value) ?? value;
}
