import { createServer } from "node:net";

/** Below where the system takes the ports of outgoing connections, as is a port of a Redis cluster's bus, 10,000 above. */
const [lowest, highest] = [12_000, 21_999] as const;

const given = new Set<number>();

/**
 * A port of loopback that nobody listens on, and that no client's socket is given while its server is down.
 * Never twice the same in a process; any in the range, so that processes side by side do not meet.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if (given.has(port) || !(await canListen(port))) continue;
    given.add(port);
    return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
