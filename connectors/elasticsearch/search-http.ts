/** One request to a search server. */
export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  /** Absolute, without the query, names percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Lines for `_bulk` and `_msearch`, the last with its newline. */
  readonly ndjson?: string;
  /** From the first byte sent to the last one read; the connection's own when left out. */
  readonly timeoutMs?: number;
  /** Error statuses that are an answer here and not thrown. */
  readonly accept?: readonly number[];
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON; text where the server sent something else. */
  readonly body: unknown;
}

/** Sends requests to one cluster; never repeats one by itself. */
export interface SearchHttp {
  /** Throws SearchError, or the signal's reason when it aborts. */
  request(call: Call, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

/** What a server says it is. */
export interface Server {
  readonly product: "elasticsearch" | "opensearch";
  /** As the server writes it; for people. */
  readonly version: string;
  readonly major: number;
  readonly minor: number;
  /** A hosted service without nodes and shards to look at. */
  readonly isServerless: boolean;
  readonly clusterName: string;
}

/** A connection to a server whose product and version are known. */
export interface SearchClient extends SearchHttp {
  readonly server: Server;
  readonly dialect: Dialect;
}

/** Where the products differ. */
export interface Dialect {
  /** Opens a view of `patterns` that later writes do not change; fails rather than leaving shards out. */
  openView(patterns: readonly string[], keepAlive: string): Call;
  /** Id of the view in the answer to `openView`. */
  viewIdOf(body: unknown): string | undefined;
  closeView(id: string): Call;
  /** A last sort key that tells documents of equal time apart within a view; not every version has one. */
  readonly tiebreak: "_shard_doc" | undefined;
  /** Has times in sort keys written as milliseconds, whatever format the field has; not every product can. */
  readonly timeFormat: Readonly<Record<string, string>>;
}
