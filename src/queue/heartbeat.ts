import { hostname } from "node:os";
import { leave, type Member, report, serverNow } from "./fleet.ts";
import { orTimeout } from "./patience.ts";
import type { RedisConnection } from "./redis-connection.ts";

export interface HeartbeatSettings {
  readonly connection: RedisConnection;
  readonly id: string;
  readonly role: Member["role"];
  readonly version: string;
  readonly tenant: string;
  readonly device: string;
  /** Distinct texts so far. */
  readonly texts: () => number;
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
}

/** A server that is away notices by itself that we are gone. */
const leaveWithinMs = 1_000;

/** Keeps a member of the fleet known. */
export interface Heartbeat {
  drain(): void;
  stop(): Promise<void>;
}

/** Says at once and then every `everyMs` that the member is there. */
export async function startHeartbeat(settings: HeartbeatSettings): Promise<Heartbeat> {
  const { connection, id, role, version, tenant, device, everyMs, onError } = settings;
  const startedMs = await serverNow(connection);
  let state: Member["state"] = "running";
  let last = { atMs: startedMs, texts: 0, rate: 0 };
  const say = async (): Promise<void> => {
    const [seenMs, texts] = [await serverNow(connection), settings.texts()];
    const elapsed = seenMs - last.atMs;
    if (elapsed >= everyMs / 2) last = { atMs: seenMs, texts, rate: (1_000 * (texts - last.texts)) / elapsed };
    const textsPerSec = Math.round(last.rate * 10) / 10;
    const residentBytes = process.memoryUsage.rss();
    const own = { host: hostname(), pid: process.pid, device, residentBytes };
    await report(connection, { id, role, version, tenant, ...own, state, startedMs, seenMs, texts, textsPerSec });
  };
  await say();
  const timer = setInterval(() => say().catch(onError), everyMs);
  return {
    drain() {
      state = "draining";
      say().catch(onError);
    },
    async stop() {
      clearInterval(timer);
      await orTimeout(leave(connection, id), leaveWithinMs);
    },
  };
}
