/** Texts for one worker, and where each stands in the call. */
export interface TextJob {
  readonly texts: readonly string[];
  readonly rows: readonly number[];
}

export interface SplitLimits {
  /** Make at least so many jobs, work permitting. */
  readonly workers: number;
  /** Tokens that a text is cut to. */
  readonly maxTokens: number;
  /** Estimated tokens of a job. */
  readonly maxJobTokens: number;
}

/** Below so many estimated tokens a job is not split further: handing it over would cost more than it gains. */
const MIN_JOB_TOKENS = 256;

/**
 * Sorts the texts at the positions `among` (all by default) by length, longest first, and cuts them into jobs: texts of
 * a job need about the same padding, and the last jobs are the short ones, so that workers end together.
 */
export function splitJobs(
  texts: readonly string[],
  limits: SplitLimits,
  among: readonly number[] = [...texts.keys()],
): readonly TextJob[] {
  const cost = (row: number) => estimateTokens(texts[row] ?? "", limits.maxTokens);
  const rows = [...among].sort((a, b) => (texts[b]?.length ?? 0) - (texts[a]?.length ?? 0));
  const total = rows.reduce((sum, row) => sum + cost(row), 0);
  const share = Math.max(MIN_JOB_TOKENS, Math.ceil(total / limits.workers));
  const budget = Math.min(limits.maxJobTokens, share);
  const jobs: TextJob[] = [];
  let job: number[] = [];
  let used = 0;
  for (const row of rows) {
    if (job.length > 0 && used + cost(row) > budget) {
      jobs.push({ rows: job, texts: job.map((at) => texts[at] ?? "") });
      job = [];
      used = 0;
    }
    job.push(row);
    used += cost(row);
  }
  if (job.length > 0) jobs.push({ rows: job, texts: job.map((at) => texts[at] ?? "") });
  return jobs;
}

/** Most texts of a job of the first stage: about two milliseconds of work. */
const MAX_QUICK_TEXTS = 256;

/** Cuts texts into jobs for the first stage, to which all lengths are alike. */
export function cutJobs(texts: readonly string[], workers: number): readonly TextJob[] {
  const size = Math.min(MAX_QUICK_TEXTS, Math.max(16, Math.ceil(texts.length / workers)));
  const jobs: TextJob[] = [];
  for (let start = 0; start < texts.length; start += size) {
    const part = texts.slice(start, start + size);
    jobs.push({ texts: part, rows: part.map((_, place) => start + place) });
  }
  return jobs;
}

/** Command lines come to about two characters a token; the special tokens come on top. */
function estimateTokens(text: string, maxTokens: number): number {
  return Math.min(maxTokens, 2 + Math.ceil(text.length / 2));
}
