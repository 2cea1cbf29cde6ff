import type { z } from "zod";
import { TagsmithError } from "#sdk";

/** Checks the settings of a `role`; throws `config_invalid` with a line a finding, `sink.urls: …`. */
export function parseSettings<T>(schema: z.ZodType<T>, settings: unknown, role: string): T {
  const parsed = schema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${[role, ...issue.path.map(String)].join(".")}: ${issue.message}`);
  throw new TagsmithError("config_invalid", lines.join("\n"), "exit", parsed.error);
}
