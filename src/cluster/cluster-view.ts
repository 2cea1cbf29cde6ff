import type { ClusterRedis } from "./cluster-redis.ts";
import { createLeaseStore } from "./lease-store.ts";
import { type ClusterMember, reportMember } from "./members.ts";
import { readMarks, streamKey } from "./slice-store.ts";
import type { Mark } from "./watermarks.ts";
import { partitionResource, readWork } from "./work.ts";

/** A slice or a partition, as it stands. */
interface Part {
  /** Id of the node that owns it now. */
  readonly owner: string | null;
  readonly token: number | null;
  readonly isDone: boolean;
}

/** A cluster as anybody can see it. */
export interface ClusterView {
  readonly nodes: readonly (ClusterMember & { readonly slices: number; readonly partitions: number })[];
  readonly slices: readonly (Part & { readonly name: string; readonly newest: Mark | null })[];
  readonly partitions: readonly (Part & { readonly number: number; readonly waitingSteps: number })[];
}

/** Looks at a cluster; changes nothing but to forget nodes that have been silent for `leaseMs`. */
export async function readCluster(redis: ClusterRedis, leaseMs: number, partitions: number): Promise<ClusterView> {
  const members = await reportMember(redis, undefined, leaseMs);
  const [{ slices, done }, marks] = await Promise.all([readWork(redis), readMarks(redis)]);
  const numbers = Array.from({ length: partitions }, (_, number) => number);
  const names = [...slices, ...numbers.map(partitionResource)];
  const owners = await createLeaseStore(redis).owners(names);
  const byName = new Map(names.map((name, place) => [name, owners[place]]));
  const partOf = (name: string): Part => {
    const { node = null, token = null } = byName.get(name) ?? {};
    return { owner: node, token, isDone: done.has(name) };
  };
  const waiting = await Promise.all(numbers.map((number) => redis.call("XLEN", [streamKey(redis, number)])));
  const ownedBy = (id: string, some: readonly string[]): number =>
    some.filter((name) => byName.get(name)?.node === id).length;
  return {
    nodes: members.map((member) => ({
      ...member,
      slices: ownedBy(member.id, slices),
      partitions: ownedBy(member.id, numbers.map(partitionResource)),
    })),
    slices: slices.map((name) => ({ name, ...partOf(name), newest: marks.get(name) ?? null })),
    partitions: numbers.map((number) => ({
      number,
      ...partOf(partitionResource(number)),
      waitingSteps: Number(waiting[number]),
    })),
  };
}
