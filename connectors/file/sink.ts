import { z } from "zod";
import { type Fence, type LabelledEvent, type Output, type Sink, TagsmithError } from "#sdk";
import type { FileSinkConfig } from "./config.ts";
import { openFencedFile } from "./fenced-file.ts";
import { compileLabelFormat } from "./format-label.ts";
import { formatAlert, formatDeadLetter, formatVerdict } from "./format-outcome.ts";
import { type Appended, OutputFile } from "./output-file.ts";

/** What the runtime sets. */
export interface FileSinkSettings {
  /** Name of this instance; `file` when left out. */
  readonly name?: string;
  /** The labelling model, named in each label line. */
  readonly model: string;
  /** Absent where one process writes the files; else each owner of a part of the work has files of its own. */
  readonly fence?: Fence | undefined;
}

const bytes = z.int().min(0);
const positionSchema = z.strictObject({
  /** Whose files these sizes are of. */
  token: z.int().optional(),
  labels: bytes,
  verdicts: bytes,
  /** Absent in positions from before there were alerts. */
  alerts: bytes.optional(),
  deadLetters: bytes,
});

type Sizes = z.infer<typeof positionSchema>;

interface Files {
  readonly labels: Appended;
  readonly verdicts: Appended;
  readonly alerts: Appended;
  readonly deadLetters: Appended;
  /** Bytes of each that are confirmed. */
  readonly sizes: Sizes;
}

/**
 * A sink of four NDJSON files. `open` throws TagsmithError (exit): `output_exists`, `output_shorter_than_checkpoint`,
 * `output_unwritable`, `output_not_a_file`, `output_not_distinct`, `output_position_invalid`; `write` throws
 * `output_disk_full` (retry), `output_unwritable` or `output_not_open` (exit).
 */
export function createFileSink(config: FileSinkConfig, settings: FileSinkSettings): Sink {
  const formatLabel = compileLabelFormat(settings.model);
  let files: Files | undefined;
  return {
    name: settings.name ?? "file",
    open: async (position) => {
      await closeFiles(files);
      files = undefined;
      const sizes = position === undefined ? undefined : parsePosition(position);
      const { fence } = settings;
      files = await (fence === undefined ? openFiles(config, sizes) : openFencedFiles(config, fence, sizes));
    },
    write: async (output, signal) => {
      signal.throwIfAborted();
      if (files === undefined) throw new TagsmithError("output_not_open", "the file sink is not open.", "exit");
      files = await writeOutput(files, output, formatLabel);
      return JSON.stringify(files.sizes);
    },
    close: async () => {
      const open = files;
      files = undefined;
      await closeFiles(open);
    },
  };
}

async function openFencedFiles(config: FileSinkConfig, fence: Fence, last: Sizes | undefined): Promise<Files> {
  const open = (path: string, size: number | undefined): Promise<Appended> =>
    openFencedFile(path, fence, { token: last?.token, size: size ?? 0 });
  return {
    labels: await open(config.labels, last?.labels),
    verdicts: await open(config.verdicts, last?.verdicts),
    alerts: await open(config.alerts, last?.alerts),
    deadLetters: await open(config.dead_letters, last?.deadLetters),
    sizes: { token: fence.token, labels: 0, verdicts: 0, alerts: 0, deadLetters: 0 },
  };
}

async function openFiles(config: FileSinkConfig, sizes: Sizes | undefined): Promise<Files> {
  const opened: OutputFile[] = [];
  const open = async (path: string, size: number | undefined) => {
    const file = await OutputFile.open(path, size, config.overwrite, opened);
    opened.push(file);
    return file;
  };
  try {
    return {
      labels: await open(config.labels, sizes?.labels),
      verdicts: await open(config.verdicts, sizes?.verdicts),
      alerts: await open(config.alerts, sizes?.alerts),
      deadLetters: await open(config.dead_letters, sizes?.deadLetters),
      sizes: { labels: 0, verdicts: 0, deadLetters: 0, alerts: 0, ...sizes },
    };
  } catch (cause) {
    for (const file of opened) await file.close();
    throw cause;
  }
}

function parsePosition(position: string): Sizes {
  try {
    return positionSchema.parse(JSON.parse(position));
  } catch (cause) {
    const message = `the stored position of the file sink cannot be read: ${position}`;
    throw new TagsmithError("output_position_invalid", message, "exit", cause);
  }
}

/** Writes all or, when one fails, none: a repeated write goes to the same places. */
async function writeOutput(
  files: Files,
  output: Output,
  formatLabel: (labelled: LabelledEvent) => string,
): Promise<Files> {
  const { labels, verdicts, alerts, deadLetters, sizes } = files;
  try {
    return {
      ...files,
      sizes: {
        ...sizes,
        labels: await labels.write(output.labels.map(formatLabel).join(""), sizes.labels),
        verdicts: await verdicts.write(output.verdicts.map(formatVerdict).join(""), sizes.verdicts),
        alerts: await alerts.write((output.alerts ?? []).map(formatAlert).join(""), sizes.alerts ?? 0),
        deadLetters: await deadLetters.write(output.deadLetters.map(formatDeadLetter).join(""), sizes.deadLetters),
      },
    };
  } catch (cause) {
    await labels.cut(sizes.labels);
    await verdicts.cut(sizes.verdicts);
    await alerts.cut(sizes.alerts ?? 0);
    await deadLetters.cut(sizes.deadLetters);
    throw cause;
  }
}

async function closeFiles(files: Files | undefined): Promise<void> {
  if (files === undefined) return;
  await files.labels.close();
  await files.verdicts.close();
  await files.alerts.close();
  await files.deadLetters.close();
}
