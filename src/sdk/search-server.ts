/** One call of a search server's HTTP interface. */
export interface ServerRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Begins with a slash; parts are already percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** An object is sent as JSON, a text as it is: NDJSON, its last newline included. */
  readonly body?: string | Readonly<Record<string, unknown>>;
}

/** What the server said; `body` is parsed JSON, or text where it was none. */
export interface ServerAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** An Elasticsearch or OpenSearch cluster, as the code that installs into it and writes to it sees it. */
export interface SearchServer {
  readonly product: "elasticsearch" | "opensearch";
  /**
   * One request, one answer: no repeats, and any HTTP status is an answer. Throws TagsmithError: `retry` when none came
   * (connection, timeout), `exit` when there can be none (certificate, wrong product).
   */
  request(request: ServerRequest, signal: AbortSignal): Promise<ServerAnswer>;
  /** May be called twice. */
  close(): Promise<void>;
}
