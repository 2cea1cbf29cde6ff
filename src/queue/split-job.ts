import type { Job } from "bullmq";
import type { LabelJob } from "./label-job.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { JobPart, Reply } from "./reply.ts";

const maxParts = 16;

/** Puts a job's texts into the queue as up to 16 jobs; what is given is for its producer. Twice does no harm: ids follow from the job's. */
export async function splitJob(connection: RedisConnection, job: Job<LabelJob>, label: LabelJob): Promise<Reply> {
  const id = job.id ?? "";
  const { texts } = label;
  const size = Math.ceil(texts.length / maxParts);
  const parts: JobPart[] = [];
  for (let from = 0; from < texts.length; from += size) {
    parts.push({ job: `${id}.${from}`, from, count: Math.min(size, texts.length - from) });
  }
  const { Queue } = await import("bullmq");
  const queue = new Queue<LabelJob>(job.queueName, {
    connection: connection.client,
    prefix: connection.prefix,
    skipMetasUpdate: true,
  });
  // Its connection is ours, whose trouble is told of elsewhere.
  queue.on("error", () => undefined);
  const { attempts = 1, backoff, removeOnComplete = true, removeOnFail = true } = job.opts;
  const kept = { attempts, removeOnComplete, removeOnFail, ...(backoff !== undefined && { backoff }) };
  await queue.addBulk(
    parts.map(({ job: jobId, from, count }) => ({
      name: job.name,
      data: { ...label, texts: texts.slice(from, from + count) },
      opts: { ...kept, jobId },
    })),
  );
  return { kind: "split", job: id, parts };
}
