import { hostname } from "node:os";
import type { DeviceUse } from "../telemetry/device-use.ts";
import { leave, type Member, report, serverNow } from "./fleet.ts";
import { orTimeout } from "./patience.ts";
import type { RedisConnection } from "./redis-connection.ts";

export interface HeartbeatSettings {
  readonly connection: RedisConnection;
  readonly id: string;
  readonly role: Member["role"];
  readonly version: string;
  readonly tenant: string;
  readonly devices: () => readonly DeviceUse[];
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
  const { connection, id, role, version, tenant, everyMs, onError } = settings;
  const startedMs = await serverNow(connection);
  let state: Member["state"] = "running";
  const rates = createRates(startedMs, everyMs / 2);
  const say = async (): Promise<void> => {
    const [seenMs, texts, totals] = [await serverNow(connection), settings.texts(), settings.devices()];
    const [textsPerSec = 0, ...perDevice] = rates(seenMs, [texts, ...totals.map((device) => device.texts)]);
    const devices = totals.map(({ name, lost, texts: own }, place) => {
      return { name, lost, texts: own, textsPerSec: perDevice[place] ?? 0 };
    });
    const residentBytes = process.memoryUsage.rss();
    const own = { host: hostname(), pid: process.pid, devices, residentBytes };
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

/** What counters rose by a second, to a tenth, since a moment at least `leastMs` ago. */
function createRates(startedMs: number, leastMs: number) {
  let last = { atMs: startedMs, totals: [] as number[], rates: [] as number[] };
  return (atMs: number, totals: readonly number[]): readonly number[] => {
    const elapsed = atMs - last.atMs;
    if (elapsed < leastMs) return last.rates;
    const perSec = (total: number, place: number): number =>
      Math.round((10_000 * (total - (last.totals[place] ?? 0))) / elapsed) / 10;
    last = { atMs, totals: [...totals], rates: totals.map(perSec) };
    return last.rates;
  };
}
