import type { HeldLease } from "../cluster/held-lease.ts";
import type { Sink } from "../sdk/sink.ts";
import type { Labeller } from "./stage-types.ts";

/** A sink that writes for as long as the lease is held; then it throws `cluster_lease_lost`. */
export function fenceSink(sink: Sink, lease: HeldLease): Sink {
  return {
    ...sink,
    open: async (position) => {
      lease.check();
      await sink.open(position);
    },
    write: async (output, signal) => {
      lease.check();
      try {
        return await sink.write(output, AbortSignal.any([signal, lease.lost]));
      } finally {
        lease.check();
      }
    },
  };
}

/** Gives up waiting for labels when the lease is lost. */
export function fenceLabeller(labeller: Labeller, lease: HeldLease): Labeller {
  return { label: (texts, signal) => lease.guard(labeller.label(texts, AbortSignal.any([signal, lease.lost]))) };
}
