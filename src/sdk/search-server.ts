/** One call of a search server's HTTP interface. */
export interface ServerRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Begins with a slash; names are already percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Error statuses that are an answer here and not thrown. */
  readonly accept?: readonly number[];
}

/** What the server said; `body` is parsed JSON, or text where it was none. */
export interface ServerAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** An Elasticsearch or OpenSearch cluster, as the code that installs into it sees it. */
export interface SearchServer {
  readonly product: "elasticsearch" | "opensearch";
  /** As the server writes it, e.g. `9.4.3`. */
  readonly version: string;
  readonly isServerless: boolean;
  /** One request, never repeated. Throws TagsmithError when no answer came, or an error that is not in `accept`. */
  request(request: ServerRequest, signal: AbortSignal): Promise<ServerAnswer>;
  /** May be called twice. */
  close(): Promise<void>;
}
