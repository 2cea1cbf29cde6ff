import { connect, createServer, type Socket } from "node:net";

/** A way to a server that can be cut. */
export interface TcpProxy {
  readonly port: number;
  /** Ends all connections, and new ones too, until `mend`. */
  cut(): void;
  /** Lets nothing through any more but keeps connections open, until `mend`. */
  silence(): void;
  /** Delays what the server says. */
  delay(ms: number): void;
  mend(): void;
  close(): Promise<void>;
}

/** Starts a proxy on loopback before the server at `port`. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let state: "open" | "cut" | "silent" = "open";
  let delayMs = 0;
  const server = createServer((client) => {
    if (state === "cut") {
      client.destroy();
      return;
    }
    const upstream = connect(port, "127.0.0.1");
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of pair) socket.on("error", end).on("close", end);
    client.on("data", (chunk) => state === "open" && upstream.write(chunk));
    upstream.on("data", (chunk) => {
      if (delayMs === 0) pass(chunk);
      else setTimeout(() => pass(chunk), delayMs);
    });
    const pass = (chunk: Buffer): void => {
      if (state === "open" && !client.destroyed) client.write(chunk);
    };
  });
  const endAll = (): void => {
    for (const [client, upstream] of [...pairs]) {
      client.destroy();
      upstream.destroy();
    }
  };
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut() {
      state = "cut";
      endAll();
    },
    silence() {
      state = "silent";
    },
    delay(ms) {
      delayMs = ms;
    },
    mend() {
      // What was swallowed is lost: the connections that missed it end.
      if (state === "silent") endAll();
      state = "open";
      delayMs = 0;
    },
    close: async () => {
      endAll();
      await new Promise((closed) => server.close(closed));
    },
  };
}
