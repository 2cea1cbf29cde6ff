import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import type { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { type Config, configSchema, type WorkerConfig, workerConfigSchema } from "./config-schema.ts";

/** Reads, checks and freezes a configuration file; throws `config_not_found` or `config_invalid` with file and path. */
export function loadConfig(path: string): Config {
  return parseConfig(readConfig(path), path);
}

/** As `loadConfig`, for a labelling worker. */
export function loadWorkerConfig(path: string): WorkerConfig {
  return parseText(workerConfigSchema, readConfig(path), path);
}

/** Checks configuration text; `path` names it in errors. */
export function parseConfig(text: string, path: string): Config {
  return parseText(configSchema, text, path);
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new TagsmithError("config_not_found", `${path}: the configuration file cannot be read.`, "exit", cause);
  }
}

function parseText<T>(schema: z.ZodType<T>, text: string, path: string): T {
  const document = parseDocument(text, { uniqueKeys: true });
  const broken = document.errors[0];
  if (broken) throw new TagsmithError("config_invalid", `${path}: ${broken.message}`, "exit", broken);
  return deepFreeze(parseWith(schema, expand(document, path), path, ""));
}

/** The document as plain data; aliases that multiply without end are refused. */
function expand(document: { toJS(options: { maxAliasCount: number }): unknown }, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TagsmithError("config_invalid", `${path}: ${reason}`, "exit", cause);
  }
}

/** Checks `value` against `schema`; every finding is a line `file: path: what is wrong`. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, file: string, prefix: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const at = [prefix, ...issue.path.map(String)].filter((part) => part !== "").join(".");
    return `${file}: ${at === "" ? "(top level)" : at}: ${saidPlainly(issue.message)}`;
  });
  throw new TagsmithError("config_invalid", lines.join("\n"), "exit", parsed.error);
}

/** A missing setting is called missing, not undefined. */
function saidPlainly(message: string): string {
  return message.replace(/^Invalid input: expected (.+), received undefined$/, "missing; expected $1");
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
