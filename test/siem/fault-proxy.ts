import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";

/** What goes wrong with a request. */
export const faults = [
  "none",
  /** Answered by the proxy: the server never sees it. */
  "rate_limited",
  "circuit_breaker",
  "unavailable",
  "html_page",
  /** The connection is cut before the server sees it. */
  "reset",
  /** The server does what was asked, and the answer is lost. */
  "answer_lost",
  "answer_half",
  "answer_slow",
  /** Longer than the client waits. */
  "answer_late",
  /** Some items of a bulk request are refused for now; the others are done. */
  "partly_refused",
] as const;

export type Fault = (typeof faults)[number];

export interface FaultProxy {
  readonly url: string;
  /** How often each fault happened. */
  readonly counts: ReadonlyMap<Fault, number>;
  /** From now on: which fault meets a request. */
  decide(decision: (method: string, path: string) => Fault): void;
  /** From now on: what is done before a request is passed on. */
  before(work: (method: string, path: string) => Promise<void>): void;
  close(): Promise<void>;
}

const lateMs = 4_000;

/** Stands between a client and the server at `target`; nothing goes wrong until `decide` is called. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let decision: (method: string, path: string) => Fault = () => "none";
  let work: (method: string, path: string) => Promise<void> = async () => undefined;
  const counts = new Map<Fault, number>();
  const server = createServer((asked, answer) => {
    const [method, path] = [asked.method ?? "", asked.url ?? ""];
    const fault = decision(method, path);
    counts.set(fault, (counts.get(fault) ?? 0) + 1);
    work(method, path)
      .then(() => serve(target, fault, asked, answer))
      .catch(() => answer.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    decide: (next) => {
      decision = next;
    },
    before: (next) => {
      work = next;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function serve(target: string, fault: Fault, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const body = await read(asked);
  switch (fault) {
    case "rate_limited":
      return refuse(answer, 429, "es_rejected_execution_exception", "rejected execution of search");
    case "circuit_breaker":
      return refuse(answer, 429, "circuit_breaking_exception", "[parent] Data too large");
    case "unavailable":
      return refuse(answer, 503, "no_shard_available_action_exception", "no shard available");
    case "html_page":
      answer.writeHead(200, { "content-type": "text/html", "x-elastic-product": "Elasticsearch" });
      answer.end("<html>Welcome to the proxy</html>");
      return;
    case "reset":
      answer.destroy();
      return;
    default:
      return pass(target, fault, asked, body, answer);
  }
}

async function pass(
  target: string,
  fault: Fault,
  asked: IncomingMessage,
  body: Buffer,
  answer: ServerResponse,
): Promise<void> {
  if (fault === "partly_refused" && asked.url?.includes("_bulk") === true) {
    return passPartly(target, asked, body, answer);
  }
  const { status, headers, content } = await forward(target, asked, body);
  if (fault === "answer_lost") {
    answer.destroy();
    return;
  }
  if (fault === "answer_late") await sleep(lateMs);
  answer.writeHead(status, { ...headers, "content-length": String(content.length) });
  if (fault === "answer_half") {
    answer.write(content.subarray(0, content.length >> 1), () => answer.destroy());
    return;
  }
  if (fault === "answer_slow") {
    const step = Math.max(1, Math.ceil(content.length / 20));
    for (let at = 0; at < content.length; at += step) {
      answer.write(content.subarray(at, at + step));
      await sleep(10);
    }
    answer.end();
    return;
  }
  answer.end(content);
}

/** Every third item is kept from the server and answered with 429. */
async function passPartly(target: string, asked: IncomingMessage, body: Buffer, answer: ServerResponse): Promise<void> {
  const isZipped = asked.headers["content-encoding"] === "gzip";
  const items = itemsOf((isZipped ? gunzipSync(body) : body).toString("utf8"));
  const kept = items.filter((_item, index) => index % 3 !== 2);
  const { "content-encoding": _encoding, "content-length": _length, ...headers } = asked.headers;
  const text = kept.map((lines) => `${lines.join("\n")}\n`).join("");
  const passed = await forward(target, { ...pick(asked), headers }, Buffer.from(text));
  const done: unknown[] = JSON.parse(passed.content.toString("utf8")).items ?? [];
  const error = { type: "es_rejected_execution_exception", reason: "rejected execution of bulk" };
  const all = items.map(([action = "{}"], index) => {
    if (index % 3 !== 2) return done.shift();
    const [[kind = "index", meta] = []] = Object.entries<object>(JSON.parse(action));
    return { [kind]: { ...meta, status: 429, error } };
  });
  const content = JSON.stringify({ took: 1, errors: true, items: all });
  answer.writeHead(200, { "content-type": "application/json", "x-elastic-product": "Elasticsearch" });
  answer.end(content);
}

/** Lines of a bulk body, by item: its action and, unless it deletes, its document. */
function itemsOf(text: string): string[][] {
  const items: string[][] = [];
  const lines = text.split("\n").filter((line) => line !== "");
  for (let at = 0; at < lines.length; ) {
    const count = lines[at]?.startsWith('{"delete"') === true ? 1 : 2;
    items.push(lines.slice(at, at + count));
    at += count;
  }
  return items;
}

/** What is forwarded of a request. */
type Asked = Pick<IncomingMessage, "method" | "url" | "headers">;

function pick({ method, url, headers }: IncomingMessage): Asked {
  return { ...(method !== undefined && { method }), ...(url !== undefined && { url }), headers };
}

interface Forwarded {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly content: Buffer;
}

function forward(target: string, asked: Asked, body: Buffer): Promise<Forwarded> {
  return new Promise((resolve, reject) => {
    const { host: _host, "accept-encoding": _encoding, ...headers } = asked.headers;
    const sent = request(`${target}${asked.url}`, { method: asked.method ?? "GET", headers }, (response) => {
      read(response).then((content) => {
        const { "transfer-encoding": _transfer, ...rest } = response.headers;
        resolve({ status: response.statusCode ?? 0, headers: rest, content });
      }, reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function refuse(answer: ServerResponse, status: number, type: string, reason: string): void {
  const error = { root_cause: [{ type, reason }], type, reason };
  answer.writeHead(status, { "content-type": "application/json", "x-elastic-product": "Elasticsearch" });
  answer.end(JSON.stringify({ error, status }));
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
