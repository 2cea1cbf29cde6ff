import { createServer, request as send } from "node:http";
import { createRandom } from "../../samples/random.ts";

/** A proxy that goes wrong in the ways that networks and servers do. */
export interface FlakyProxy {
  readonly url: string;
  /** Requests so far that did not get the server's whole answer at once. */
  faults(): number;
  close(): Promise<void>;
}

const kinds = ["busy", "unavailable", "reset_before", "reset_after", "half_answer", "slow_answer"] as const;

/** Between a client and the server at `target`; half of the writes go wrong, by the seeded order of chance. */
export async function openFlakyProxy(target: string, seed: number): Promise<FlakyProxy> {
  const random = createRandom(seed);
  let faults = 0;
  const server = createServer((incoming, outgoing) => {
    const isWrite = incoming.url?.includes("_bulk") === true;
    const fault = isWrite && random.below(2) === 0 ? random.pick(kinds) : undefined;
    if (fault !== undefined) faults += 1;
    if (fault === "reset_before") return incoming.socket.destroy();
    if (fault === "busy" || fault === "unavailable") {
      incoming.resume();
      outgoing.writeHead(fault === "busy" ? 429 : 503, {
        "content-type": "application/json",
        "x-elastic-product": "Elasticsearch",
      });
      return outgoing.end(
        JSON.stringify({
          error: { type: fault === "busy" ? "es_rejected_execution_exception" : "unavailable", reason: fault },
        }),
      );
    }
    const headers = { ...incoming.headers };
    const forwarded = send(new URL(incoming.url ?? "/", target), { method: incoming.method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const body = Buffer.concat(chunks);
        if (fault === "reset_after") return incoming.socket.destroy();
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        if (fault === "half_answer")
          return outgoing.write(body.subarray(0, body.length / 2), () => incoming.socket.destroy());
        if (fault !== "slow_answer") return outgoing.end(body);
        outgoing.write(body.subarray(0, 1));
        setTimeout(() => outgoing.end(body.subarray(1)), 300);
      });
    });
    forwarded.on("error", () => incoming.socket.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    faults: () => faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
