import { answerFault, errorOfAnswer, errorOfFailure, fieldOf, timeoutFault } from "./classify-error.ts";
import type { Answer, Call, SearchHttp } from "./search-http.ts";

/** An official client, seen as what sends one request. */
interface ClientPort {
  readonly timeoutMs: number;
  /** Rejects with the client's own errors. */
  send(call: Call, signal: AbortSignal, timeoutMs: number): Promise<Answer>;
  close(): Promise<void>;
}

/** Puts a deadline on each request of an official client, and its errors into our words. */
export function createHttp(client: ClientPort): SearchHttp {
  return {
    request: async (call, signal) => {
      signal.throwIfAborted();
      const target = `${call.method} ${call.path}`;
      const timeoutMs = call.timeoutMs ?? client.timeoutMs;
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        const answer = await client.send(call, AbortSignal.any([signal, deadline]), timeoutMs);
        if (call.method !== "HEAD" && typeof answer.body !== "object") {
          throw answerFault(target, "the answer is no JSON");
        }
        return answer;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (deadline.aborted) throw timeoutFault(target, timeoutMs);
        return answerOrError(call, target, error);
      }
    },
    close: () => client.close(),
  };
}

/** A call as the transports of the official clients take it. */
export function paramsOf({ method, path, query, body, ndjson }: Call) {
  const json = body === undefined ? {} : { body };
  const lines = ndjson === undefined ? {} : { bulkBody: ndjson };
  return { method, path, querystring: { ...query }, ...json, ...lines };
}

/** The refusal as an answer where the call expects it. The client's own error is not kept: it holds the credentials. */
function answerOrError(call: Call, target: string, error: unknown): Answer {
  if (!(error instanceof Error) || error.name === "SearchError") throw error;
  const meta = fieldOf(error, "meta");
  const status = fieldOf(meta, "statusCode");
  if (error.name !== "ResponseError" || typeof status !== "number")
    throw errorOfFailure(target, error.name, error.message);
  const body = fieldOf(meta, "body");
  if (call.accept?.includes(status) === true) return { status, body };
  throw errorOfAnswer(target, status, body, headersOf(fieldOf(meta, "headers")));
}

function headersOf(headers: unknown): Readonly<Record<string, unknown>> {
  return typeof headers === "object" && headers !== null ? { ...headers } : {};
}
