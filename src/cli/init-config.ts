import { stringify } from "yaml";
import type { ConnectionConfig } from "./init-options.ts";

/** What the configuration file of `tagsmith init` says. */
export interface NewConfig {
  readonly product: "elasticsearch" | "opensearch";
  readonly source: ConnectionConfig;
  readonly sink: ConnectionConfig;
  readonly indices: readonly string[];
  readonly from: string;
  readonly namespace: string;
}

/** The text of a new tagsmith.yaml. */
export function newConfigText({ product, source, sink, indices, from, namespace }: NewConfig): string {
  const config = {
    source: { type: product, ...source, indices, from },
    sink: { type: product, ...sink, namespace },
    state: { path: ".tagsmith/state.db" },
    health: { port: 7601 },
  };
  const head =
    "# Tagsmith: docs/configuration.md says what else there is.\n# Next: tagsmith install, then tagsmith run.\n";
  return head + stringify(config, { lineWidth: 0, aliasDuplicateObjects: false });
}
