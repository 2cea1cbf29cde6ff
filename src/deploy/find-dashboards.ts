import { z } from "zod";
import { fetchPage, type Page } from "./fetch-page.ts";

/** Kibana or OpenSearch Dashboards, as far as it tells without signing in. */
export type DashboardsFacts =
  | {
      readonly kind: "found";
      readonly product: "kibana" | "opensearch_dashboards";
      readonly url: string;
      /** Undefined where it is told only after signing in. */
      readonly version: string | undefined;
      readonly isReady: boolean;
    }
  | { readonly kind: "not_found"; readonly tried: readonly Tried[] }
  | { readonly kind: "not_sought" };

/** An address where neither answers, and what is there instead. */
interface Tried {
  readonly url: string;
  readonly reason: string;
}

/** Where to look: at an address that was named, at the usual port of the search server's host, or nowhere. */
export type DashboardsPlace =
  | { readonly kind: "named"; readonly url: string }
  | { readonly kind: "beside"; readonly serverUrl: string }
  | { readonly kind: "nowhere" };

interface Limits {
  /** For each address. */
  readonly withinMs: number;
  readonly ca?: string;
}

const usualPort = 5601;
/** The status of a Kibana with all of its plugins has some hundred kilobytes. */
const maxBytes = 2 * 1024 * 1024;

/** Asks for `/api/status`, without credentials and without following redirects; changes nothing. Rejects only on abort. */
export async function findDashboards(
  place: DashboardsPlace,
  limits: Limits,
  signal: AbortSignal,
): Promise<DashboardsFacts> {
  if (place.kind === "nowhere") return { kind: "not_sought" };
  const tried: Tried[] = [];
  for (const url of place.kind === "named" ? [place.url] : addressesBeside(place.serverUrl)) {
    try {
      const page = await fetchPage(statusOf(url), { ...limits, maxBytes }, signal);
      const product = productOf(page);
      if (product !== undefined) return { kind: "found", product, url, ...toldBy(page) };
      tried.push({ url, reason: strangeness(page) });
    } catch (error) {
      signal.throwIfAborted();
      tried.push({ url, reason: failure(error) });
    }
  }
  return { kind: "not_found", tried };
}

/** The scheme of the search server first. */
function addressesBeside(serverUrl: string): readonly string[] {
  const { protocol, hostname } = new URL(serverUrl);
  const schemes = protocol === "https:" ? ["https:", "http:"] : ["http:", "https:"];
  return schemes.map((scheme) => `${scheme}//${hostname}:${usualPort}`);
}

/** Below the path of the address, which may be one that a proxy gives them. */
function statusOf(url: string): URL {
  const address = new URL(url);
  address.pathname = `${address.pathname.replace(/\/+$/, "")}/api/status`;
  address.search = "";
  address.hash = "";
  return address;
}

/** Both sign every answer, also their refusals and redirects; behind a proxy that takes the header away, the body tells. */
function productOf({ headers, text }: Page): "kibana" | "opensearch_dashboards" | undefined {
  if (headers["osd-name"] !== undefined) return "opensearch_dashboards";
  if (headers["kbn-name"] !== undefined) return "kibana";
  const overall = status.safeParse(jsonOf(text)).data?.status.overall;
  if (overall?.level !== undefined) return "kibana";
  return overall?.state === undefined ? undefined : "opensearch_dashboards";
}

const status = z.looseObject({
  status: z.looseObject({ overall: z.looseObject({ level: z.string().optional(), state: z.string().optional() }) }),
});
const versioned = z.looseObject({
  version: z.looseObject({ number: z.string().regex(/^\d{1,4}(\.\d{1,6}){1,3}(-\w{1,20})?$/) }),
});

function toldBy(page: Page): { readonly version: string | undefined; readonly isReady: boolean } {
  return { version: versioned.safeParse(jsonOf(page.text)).data?.version.number, isReady: page.status !== 503 };
}

function strangeness({ status: code, headers }: Page): string {
  const to = headers.location;
  if (to !== undefined) return `redirects to ${to}; if that is it, name it with --dashboards`;
  return `something else answers, with status ${code}`;
}

function failure(error: unknown): string {
  const message =
    error instanceof Error ? error.message || ("code" in error ? String(error.code) : error.name) : String(error);
  if (/certificate|self.signed|altname/i.test(message)) return `${message}; give its authority in --ca-file`;
  return message;
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
