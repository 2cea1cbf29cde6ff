import type { z } from "zod";
import { type Connector, TagsmithError } from "#sdk";
import { fileSinkConfigSchema, fileSourceConfigSchema } from "./config.ts";
import { createFileSink } from "./sink.ts";
import { createFileSource } from "./source.ts";

/** Files in, files out. */
export const fileConnector: Connector = {
  name: "file",
  createSource: (settings) => createFileSource(parseSettings(fileSourceConfigSchema, settings, "source")),
  createSink: (settings, { model }) => createFileSink(parseSettings(fileSinkConfigSchema, settings, "sink"), { model }),
};

function parseSettings<T>(schema: z.ZodType<T>, settings: unknown, role: string): T {
  const parsed = schema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${[role, ...issue.path.map(String)].join(".")}: ${issue.message}`);
  throw new TagsmithError("config_invalid", lines.join("\n"), "exit", parsed.error);
}
