import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's folder: what holds `schema/`, `mappings/` and `models/`, in a clone and when installed. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "schema", "tags.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Files that come with Tagsmith. */
export const bundled = {
  vocabulary: (): string => join(packageRoot(), "schema", "tags.json"),
  attack: (): string => join(packageRoot(), "schema", "attack.json"),
  streams: (): string => join(packageRoot(), "schema", "streams.json"),
  redaction: (): string => join(packageRoot(), "schema", "redaction.yaml"),
  model: (): string => join(packageRoot(), "models", "tagsmith-small"),
  mappings: (): string => join(packageRoot(), "mappings"),
  /** Sigma rules over tags and verdicts. */
  rules: (): string => join(packageRoot(), "rules", "behaviour"),
  /** A Sigma pipeline by its name. */
  pipeline: (name: string): string => join(packageRoot(), "rules", "pipelines", `${name}.yaml`),
  samples: (): string => join(packageRoot(), "samples", "data"),
} as const;
