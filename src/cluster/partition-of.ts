import { hash } from "node:crypto";

/** The partition of a session key, 0 to `partitions` - 1; depends on nothing else, so any node can tell. */
export function partitionOf(sessionKey: string, partitions: number): number {
  return Number.parseInt(hash("sha256", sessionKey.toWellFormed()).slice(0, 8), 16) % partitions;
}
