import { matchesGlob, resolve } from "node:path";
import type { z } from "zod";
import { type Connector, TagsmithError } from "#sdk";
import { fileSinkConfigSchema, fileSourceConfigSchema } from "./config.ts";
import { createFileSink } from "./sink.ts";
import { createFileSource } from "./source.ts";
import { splitFiles } from "./split-files.ts";

/** Files in, files out. */
export const fileConnector: Connector = {
  name: "file",
  createSource: (settings) => createFileSource(parseSettings(fileSourceConfigSchema, settings, "source")),
  createSink: (settings, { model, fence }) =>
    createFileSink(parseSettings(fileSinkConfigSchema, settings, "sink"), { model, fence }),
  splitSource: (settings) => splitFiles(parseSettings(fileSourceConfigSchema, settings, "source")),
  checkPair(source, sink) {
    const { paths } = parseSettings(fileSourceConfigSchema, source, "source");
    const { labels, verdicts, dead_letters } = parseSettings(fileSinkConfigSchema, sink, "sink");
    for (const output of [labels, verdicts, dead_letters]) {
      const pattern = paths.find((path) => matchesGlob(resolve(output), resolve(path)));
      if (pattern === undefined) continue;
      const message = `source.paths: ${pattern} matches ${output}, which the sink writes; its output would be read as input`;
      throw new TagsmithError("config_invalid", message, "exit");
    }
  },
};

function parseSettings<T>(schema: z.ZodType<T>, settings: unknown, role: string): T {
  const parsed = schema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${[role, ...issue.path.map(String)].join(".")}: ${issue.message}`);
  throw new TagsmithError("config_invalid", lines.join("\n"), "exit", parsed.error);
}
