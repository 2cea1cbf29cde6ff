import { TagsmithError } from "../event/tagsmith-error.ts";
import { lostLease } from "./held-lease.ts";

/** Throws what the answer of a script that stores a step says. */
export function checkAnswer(resource: string, answer: unknown): void {
  switch (answer) {
    case "ok":
      return;
    case "fenced":
      throw lostLease(resource);
    case "full": {
      const message = `${resource}: a partition is behind; its owner must judge what waits there first.`;
      throw new TagsmithError("cluster_partition_full", message, "retry");
    }
    default: {
      const message = `${resource}: Redis has lost the last checkpoints; it goes on from the one that is there.`;
      throw new TagsmithError("cluster_checkpoint_lost", message, "reconnect");
    }
  }
}
