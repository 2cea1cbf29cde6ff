import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

/** A request as a fake server received it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface FakeServer {
  readonly url: string;
  readonly received: Received[];
  close(): Promise<void>;
}

/** What a fake server answers. */
export interface Answered {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Says what Elasticsearch of this version says of itself. */
export const elasticsearchAbout = (version: string): Answered => ({
  body: { cluster_name: "c", version: { number: version, build_flavor: "default" }, tagline: "You Know, for Search" },
  headers: { "x-elastic-product": "Elasticsearch" },
});

export const openSearchAbout = (version: string): Answered => ({
  body: { cluster_name: "c", version: { number: version, distribution: "opensearch" } },
});

/** A server on loopback that answers what `answer` says; with `tls` it speaks HTTPS. */
export async function startFakeServer(
  answer: (request: Received) => Answered,
  tls?: ServerOptions,
): Promise<FakeServer> {
  const received: Received[] = [];
  const listener: RequestListener = (asked, response) => {
    const chunks: Buffer[] = [];
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("end", () => {
      const request = {
        method: asked.method ?? "",
        path: asked.url ?? "",
        headers: asked.headers,
        body: Buffer.concat(chunks),
      };
      received.push(request);
      const { status = 200, body, headers } = answer(request);
      const isText = typeof body === "string";
      response.writeHead(status, { "content-type": isText ? "text/html" : "application/json", ...headers });
      response.end(isText ? body : JSON.stringify(body));
    });
  };
  const server: Server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    received,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
