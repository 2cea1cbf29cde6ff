import type { Remedy } from "#sdk";
import { explainPrivilege } from "./explain-privilege.ts";
import { type Refusal, SearchError } from "./search-error.ts";

interface Kind {
  readonly code: string;
  readonly remedy: Remedy;
  /** What to do about it; follows the server's own reason. */
  readonly advice: string;
}

const unauthorized: Kind = {
  code: "siem_unauthorized",
  remedy: "exit",
  advice: "Check the credentials; an API key may have expired or been revoked: create a new one.",
};
const forbidden: Kind = { code: "siem_forbidden", remedy: "exit", advice: "" };
const blocked: Kind = {
  code: "siem_index_blocked",
  remedy: "retry",
  advice:
    "The index is read-only. If a disk is full, free space (the block goes by itself), else remove the block from the index settings.",
};
const notFound: Kind = { code: "siem_not_found", remedy: "exit", advice: "Check the name." };
const viewLost: Kind = {
  code: "siem_view_lost",
  remedy: "retry",
  advice: "The view has expired; a new one is opened.",
};
const tooLarge: Kind = { code: "siem_request_too_large", remedy: "reject", advice: "Send less at a time." };
const breaker: Kind = {
  code: "siem_circuit_breaker",
  remedy: "retry",
  advice: "The server is short of memory; pages are made smaller.",
};
const rateLimited: Kind = { code: "siem_rate_limited", remedy: "retry", advice: "The server asks for fewer requests." };
const unavailable: Kind = {
  code: "siem_unavailable",
  remedy: "retry",
  advice: "The server, or a shard of the index, cannot answer now.",
};
const refused: Kind = { code: "siem_request_refused", remedy: "exit", advice: "" };
const mediaType: Kind = {
  code: "siem_version_unsupported",
  remedy: "exit",
  advice: "Elasticsearch 8 and 9 and OpenSearch from 2.4 on are supported.",
};
const proxyRefused: Kind = {
  code: "siem_proxy_refused",
  remedy: "exit",
  advice: "The proxy asks for credentials; put them into the address in `proxy`.",
};
const timeout: Kind = { code: "siem_timeout", remedy: "retry", advice: "The server did not answer in time." };

/** Kind of a refusal by status; the server's own type comes first where statuses are shared. */
function kindOf(status: number, type: string): Kind {
  if (type.includes("cluster_block_exception")) return blocked;
  if (type.includes("circuit_breaking_exception")) return breaker;
  if (type.includes("search_context_missing_exception")) return viewLost;
  if (status === 401) return unauthorized;
  if (status === 403) return forbidden;
  if (status === 404) return notFound;
  if (status === 406) return mediaType;
  if (status === 407) return proxyRefused;
  if (status === 408) return timeout;
  if (status === 413) return tooLarge;
  if (status === 429 || type.includes("rejected_execution_exception")) return rateLimited;
  if (status >= 500) return unavailable;
  return refused;
}

/** The error for an answer with an error status; `target` is the request as `GET /path`. */
export function errorOfAnswer(
  target: string,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, unknown>>,
): SearchError {
  const { types, reason } = reasonOf(body);
  const kind = kindOf(status, types);
  const advice = kind === forbidden ? explainPrivilege(reason) : kind.advice;
  const refusal: Refusal = { status, type: types.split(" ")[0] ?? "", ...retryAfter(headers) };
  return new SearchError(kind, oneLine(`${target} was answered with ${status}: ${reason}`, advice), refusal);
}

/** Types of the error and of all it was caused by, and the reason a person can use. */
export function reasonOf(body: unknown): { readonly types: string; readonly reason: string } {
  const error = fieldOf(body, "error");
  if (typeof error === "string") return { types: "", reason: error };
  if (error === undefined)
    return { types: "", reason: typeof body === "string" ? body.slice(0, 300) : "no reason given" };
  const causes = [error, ...listOf(fieldOf(error, "root_cause")), ...shardReasons(error)];
  for (let cause = fieldOf(error, "caused_by"); cause !== undefined; cause = fieldOf(cause, "caused_by"))
    causes.push(cause);
  const types = causes.map((cause) => fieldOf(cause, "type")).filter((type) => typeof type === "string");
  const reasons = causes
    .map((cause) => fieldOf(cause, "reason"))
    .filter((text) => typeof text === "string" && text !== "");
  return {
    types: [...new Set(types)].join(" "),
    reason: [...new Set(reasons)].slice(0, 3).join("; ") || types.join(", "),
  };
}

function shardReasons(error: unknown): unknown[] {
  return listOf(fieldOf(error, "failed_shards")).map((shard) => fieldOf(shard, "reason"));
}

function retryAfter(headers: Readonly<Record<string, unknown>>): Pick<Refusal, "retryAfterMs"> {
  const seconds = Number(headers["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1_000 } : {};
}

const tlsFault =
  /certificate|self.signed|altname|wrong version number|packet length too long|unsupported protocol|ssl|EPROTO|CERT_|handshake/i;

/** The error for a request that got no answer. `message` is the client's; `name` the class of its error. */
export function errorOfFailure(target: string, name: string, message: string): SearchError {
  const failed = (kind: Kind): SearchError =>
    new SearchError(kind, oneLine(`${target} failed: ${message}`, kind.advice));
  if (name === "TimeoutError") return failed(timeout);
  if (name === "ProductNotSupportedError") return failed(wrongProduct);
  if (name === "DeserializationError") return failed(answerInvalid);
  if (/bigger than the maximum allowed/.test(message)) return failed(responseTooLarge);
  if (/proxy/i.test(message) && /407|authenticat/i.test(message)) return failed(proxyRefused);
  if (name !== "ConfigurationError" && tlsFault.test(message)) return failed(tlsFailed);
  return failed(name === "ConfigurationError" || name === "SerializationError" ? refused : unreachable);
}

const wrongProduct: Kind = {
  code: "siem_wrong_product",
  remedy: "exit",
  advice: "This is not Elasticsearch; for OpenSearch use `type: opensearch`.",
};
const answerInvalid: Kind = {
  code: "siem_answer_invalid",
  remedy: "retry",
  advice: "The answer is not whole or no JSON; a proxy may have cut or replaced it.",
};
const responseTooLarge: Kind = {
  code: "siem_response_too_large",
  remedy: "retry",
  advice: "The page is asked for again, smaller.",
};
const tlsFailed: Kind = {
  code: "siem_tls_failed",
  remedy: "exit",
  advice:
    "Check that the address begins with the right one of http:// and https://, and give the certificate authority in `tls.ca_file` or `tls.ca_fingerprint`.",
};
const unreachable: Kind = {
  code: "siem_unreachable",
  remedy: "retry",
  advice: "Check the address, and that it begins with the right one of http:// and https://.",
};

export function answerFault(target: string, message: string): SearchError {
  return new SearchError(answerInvalid, oneLine(`${target}: ${message}`, answerInvalid.advice));
}

export function timeoutFault(target: string, timeoutMs: number): SearchError {
  return new SearchError(timeout, oneLine(`${target} took longer than ${timeoutMs / 1_000} s`, timeout.advice));
}

/** A property of what may be an object. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function oneLine(text: string, advice: string): string {
  const flat = text.replaceAll(/\s+/g, " ").trim();
  return advice === "" ? flat : `${flat.replace(/\.$/, "")}. ${advice}`;
}
