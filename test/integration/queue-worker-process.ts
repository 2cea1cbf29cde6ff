// A worker in a process of its own, for tests that kill it. Argument: JSON with `redis`, `batchMs`, `deadly`, `lockMs`.
import { setTimeout as sleep } from "node:timers/promises";
import { openWorker, rankByHash } from "./queue-scene.ts";

const { redis, batchMs = 0, deadly = "", lockMs = 1_000 } = JSON.parse(process.argv[2] ?? "{}");
const worker = await openWorker(redis, {
  lockMs,
  encode: async (texts) => {
    if (batchMs > 0) await sleep(batchMs);
    if (deadly !== "" && texts.includes(deadly)) process.kill(process.pid, "SIGKILL");
    return texts.map(rankByHash);
  },
});
process.once("SIGTERM", () => void worker.close(10_000).then(() => process.exit(0)));
process.send?.("ready");
