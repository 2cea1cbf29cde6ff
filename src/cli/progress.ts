/** Reports how far long work is: one line rewritten in place on a terminal, a line each 10 s elsewhere. */
export interface Progress {
  update(done: number, total: number | undefined, unit: string, note: string): void;
  end(): void;
}

interface ProgressSettings {
  readonly stream: NodeJS.WriteStream;
  readonly now: () => number;
  readonly enabled: boolean;
}

/** Progress on `stream` (standard error); silent when not enabled, as with `--json` and `--quiet`. */
export function createProgress({ stream, now, enabled }: ProgressSettings): Progress {
  const started = now();
  const intervalMs = stream.isTTY ? 200 : 10_000;
  let lastMs = started;
  let shown = false;
  return {
    update: (done, total, unit, note) => {
      if (!enabled || now() - lastMs < intervalMs) return;
      lastMs = now();
      shown = true;
      const line = progressLine(done, total, unit, (lastMs - started) / 1000, note);
      stream.write(stream.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
    },
    end: () => {
      if (shown && stream.isTTY) stream.write("\r\x1b[2K");
    },
  };
}

/** `42 % · 1,234 events · 1,000/s · about 12 s left`. */
export function progressLine(
  done: number,
  total: number | undefined,
  unit: string,
  seconds: number,
  note: string,
): string {
  const parts: string[] = [];
  if (total !== undefined && total > 0) parts.push(`${Math.floor((100 * Math.min(done, total)) / total)} %`);
  parts.push(unit === "bytes" ? `${(done / 1e6).toFixed(1)} MB` : `${done.toLocaleString("en-US")} ${unit}`);
  if (note !== "") parts.push(note);
  if (total !== undefined && done > 0 && total > done) {
    parts.push(`about ${formatSeconds((seconds * (total - done)) / done)} left`);
  }
  return parts.join(" · ");
}

function formatSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
