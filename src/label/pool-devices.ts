import { TagsmithError } from "../event/tagsmith-error.ts";
import type { DeviceUse } from "../telemetry/device-use.ts";

/** A device of a pool, and what became of it. */
export interface PoolDevice {
  readonly name: string;
  /** Why it is not used any more. */
  lost: string | undefined;
  /** Requests that it failed and another device did, since it last did one. */
  strikes: number;
  texts: number;
  busyMs: number;
}

/** The devices of a pool. */
export interface PoolDevices {
  find(name: string): PoolDevice | undefined;
  /** Whether one that is not among `suspects` is still used. */
  hasOther(suspects: ReadonlySet<PoolDevice>): boolean;
  /** How many are used. */
  left(): number;
  uses(): readonly DeviceUse[];
  whyAllAreLost(): string;
}

const MAX_STRIKES = 3;

/** Devices by name; equal names are one device. */
export function createPoolDevices(names: readonly string[]): PoolDevices {
  const devices = new Map<string, PoolDevice>();
  for (const name of names) devices.set(name, { name, lost: undefined, strikes: 0, texts: 0, busyMs: 0 });
  const alive = (): readonly PoolDevice[] => [...devices.values()].filter(({ lost }) => lost === undefined);
  return {
    find: (name) => devices.get(name),
    hasOther: (suspects) => alive().some((device) => !suspects.has(device)),
    left: () => alive().length,
    uses: () =>
      [...devices.values()].map(({ name, lost, texts, busyMs }) => ({ name, lost, texts, busySecs: busyMs / 1_000 })),
    whyAllAreLost() {
      const all = [...devices.values()];
      if (all.length === 1) return all[0]?.lost ?? "";
      return `No device can be used. ${all.map(({ name, lost }) => `${name}: ${lost}`).join("; ")}`;
    },
  };
}

/** Another device did what this one failed on: notes it, and says whether that was once too often. */
export function isBroken(device: PoolDevice): boolean {
  device.strikes += 1;
  return device.strikes >= MAX_STRIKES;
}

/** A device that cannot be used from the start. */
export function startFailed(reason: string): TagsmithError {
  return new TagsmithError("encoder_start_failed", reason, "exit");
}

/** A device that is used no more. */
export function deviceLost(reason: string): TagsmithError {
  return new TagsmithError("encoder_device_lost", reason, "exit");
}
