import type { Access, AccessName } from "../deploy/access-roles.ts";
import type { DashboardsFacts } from "../deploy/find-dashboards.ts";
import type { ServerFacts } from "../deploy/probe-server.ts";
import type { ViewFacts } from "../deploy/probe-views.ts";
import { formatTable, printable } from "./terminal.ts";

/** What `tagsmith init` has found out. */
export interface Found {
  readonly facts: ServerFacts;
  readonly views: ViewFacts | undefined;
  readonly documents: number;
  readonly dashboards: DashboardsFacts;
}

interface Places {
  readonly config: string;
  /** Where the configuration reads a secret from; undefined where it has another way in. */
  secretOf(name: AccessName): string | undefined;
}

/** For machines, without passwords. */
export function reportJson({ facts, views, documents, dashboards }: Found, access: readonly Access[]): string {
  return JSON.stringify({ facts, views: views ?? null, documents, dashboards, access: access.map(withoutPassword) });
}

/** For people: what was found, the access that is needed or was created, and what to do next. */
export function reportText(
  found: Found,
  access: readonly Access[],
  created: readonly AccessName[],
  places: Places,
): string {
  const keys =
    access.length === 0 ? "\nWithout security there are no keys to create.\n" : accessText(access, created, places);
  const asAdmin = access.length === 0 ? "" : " --admin-username NAME --admin-password-env VARIABLE";
  const next = `\nWritten: ${places.config}\nNext: tagsmith install --config ${places.config}${asAdmin}\n`;
  return `${foundText(found)}${keys}${next}${rulesText(found)}`;
}

function foundText({ facts, views, documents, dashboards }: Found): string {
  return formatTable([
    ["server", `${facts.product} ${facts.version}${facts.isServerless ? ", serverless" : ""}`],
    ["security", facts.hasSecurity ? "on" : "off: anyone who reaches the server can read and write"],
    ["data streams", yesNo(facts.hasDataStreams)],
    ["lifecycle", facts.lifecycle],
    ["documents to read", documents.toLocaleString("en-US")],
    ["views (point in time)", views === undefined ? "unknown: no index matches yet" : yesNo(views.hasViews)],
    ["tie-breaker in views", views === undefined ? "unknown" : yesNo(views.hasTiebreak)],
    ...dashboardsRows(dashboards),
  ]);
}

const productNames = { kibana: "Kibana", opensearch_dashboards: "OpenSearch Dashboards" } as const;

function dashboardsRows(facts: DashboardsFacts): readonly (readonly [string, string])[] {
  const label = "Kibana or Dashboards";
  switch (facts.kind) {
    case "not_sought":
      return [[label, "not looked for"]];
    case "not_found":
      return [
        [label, "not found; if there is one, name it with --dashboards"],
        ...facts.tried.map(({ url, reason }) => ["", printable(`${url}: ${reason}`)] as const),
      ];
    case "found": {
      const version = facts.version ?? "of a version told only to those who sign in";
      const ready = facts.isReady ? "" : ", not ready yet";
      return [[label, printable(`${productNames[facts.product]} ${version} at ${facts.url}${ready}`)]];
    }
  }
}

function accessText(access: readonly Access[], created: readonly AccessName[], places: Places): string {
  const made = access.filter(({ name }) => created.includes(name));
  const open = access.filter(({ name }) => !created.includes(name));
  const creations = made.map(
    ({ name, purpose }) => `${name} (${purpose}): created, in ${places.secretOf(name) ?? "no file"}\n`,
  );
  const requests = open.map((one) => {
    const { requests } = withoutPassword(one);
    const calls = requests.map(({ method, path, body }) => `${method} ${path}\n${JSON.stringify(body, null, 2)}\n`);
    return `\n# ${one.name}: ${one.purpose}\n${calls.join("")}${keepingText(one, places)}`;
  });
  const head = "\nThe least access each part needs; send these as an administrator:\n";
  return `${made.length > 0 ? "\n" : ""}${creations.join("")}${head}${requests.join("")}`;
}

/** Where the answer of a request goes; the key for rules is not for a run. */
function keepingText({ name, user }: Access, { secretOf }: Places): string {
  const path = name === "rule_deployer" ? undefined : secretOf(name);
  if (path === undefined) return "";
  const what = user === undefined ? "what the answer calls `encoded`" : "that password";
  return `# put ${what} into ${path}, readable for its owner only\n`;
}

/** Which exports of `tagsmith sigma convert` this installation takes. */
function rulesText({ facts, dashboards }: Found): string {
  const isElastic = facts.product === "elasticsearch";
  if (!isElastic) {
    return "Rules for Alerting: tagsmith sigma convert RULES --format monitor; for Security Analytics: --format security_analytics\n";
  }
  const isThere = dashboards.kind === "found" && dashboards.product === "kibana";
  if (isThere) {
    const { url } = dashboards;
    return `Rules for ${url}: tagsmith sigma convert RULES --format kibana_rule --target esql (or eql, lucene, kql, dsl); import the file under Security, Rules\n`;
  }
  return "Rules: tagsmith sigma convert RULES --target esql (or eql, lucene, dsl) writes queries; with Kibana, --format kibana_rule writes rules to import\n";
}

function withoutPassword({ name, purpose, role, before, request, user }: Access) {
  const body = user === undefined ? request.body : { ...request.body, password: "CHOOSE ONE" };
  return { name, purpose, role, requests: [...before, { ...request, body }] };
}

function yesNo(holds: boolean): string {
  return holds ? "yes" : "no";
}
