import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { TagsmithError } from "../event/tagsmith-error.ts";

/** What a process says of itself when it is asked. */
export interface HealthReport {
  /** In Prometheus' text format. */
  readonly metrics: () => string;
  /** Plain data. */
  readonly status: () => unknown;
  /** Why it is not ready, in a few words; undefined when it is. */
  readonly obstacle: () => string | undefined;
}

export interface HealthSettings extends HealthReport {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where the user says which port; for the error. */
  readonly option: string;
}

/** Answers how a process is doing: `/metrics`, `/healthz`, `/readyz`, `/status`. */
export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens; throws `config_invalid` when the port cannot be had. */
export async function openHealthServer(settings: HealthSettings): Promise<HealthServer> {
  const { host, port, option } = settings;
  const server = createServer({ requestTimeout: 10_000, keepAliveTimeout: 1_000 }, (request, response) => {
    answer(request, response, settings);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: Error) => {
      const message = `health: ${host}:${port} cannot be listened on (${cause.message}). Choose another ${option}.`;
      reject(new TagsmithError("config_invalid", message, "exit", cause));
    });
    server.listen(port, host, () => resolve());
  });
  server.unref();
  const address = server.address();
  const taken = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, settings: HealthSettings): void {
  const isRead = request.method === "GET" || request.method === "HEAD";
  const path = request.url?.split("?")[0] ?? "";
  const { status, type = "text/plain; charset=utf-8", text } = isRead ? reply(path, settings) : getOnly;
  response.writeHead(status, {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : text);
}

interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly text: string;
}

const getOnly: Reply = { status: 405, text: "GET only.\n" };

function reply(path: string, { metrics, status, obstacle }: HealthReport): Reply {
  switch (path) {
    case "/metrics":
      return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", text: metrics() };
    case "/healthz":
      return { status: 200, text: "ok\n" };
    case "/readyz": {
      const why = obstacle();
      return why === undefined ? { status: 200, text: "ok\n" } : { status: 503, text: `${why}\n` };
    }
    case "/status":
      return { status: 200, type: "application/json", text: `${JSON.stringify(status())}\n` };
    default:
      return { status: 404, text: "There is /metrics, /healthz, /readyz and /status.\n" };
  }
}
