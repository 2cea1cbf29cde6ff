import type { Command } from "commander";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { type InstallOptions, installCommand } from "./install-command.ts";
import type { Terminal } from "./terminal.ts";

type Run = (work: () => Promise<number> | number) => Promise<void>;

/** Adds the commands that look after the server that is written to. */
export function addServerCommands(program: Command, run: Run, registry: ConnectorRegistry, terminal: Terminal): void {
  program
    .command("install")
    .description("put templates, pipeline and lifecycle into the server that the sink writes to")
    .requiredOption("--config <file>", "configuration, e.g. tagsmith.yaml")
    .option("--dry-run", "show what would change, change nothing", false)
    .option("--uninstall", "take away what Tagsmith installed, and nothing else", false)
    .option("--delete-data", "with --uninstall: also labels, verdicts, alerts and dead letters", false)
    .option("--json", "print JSON", false)
    .addHelpText("after", "\nExample:\n  tagsmith install --config tagsmith.yaml --dry-run")
    .action((options: InstallOptions) => run(() => installCommand(options, registry, terminal)));
}
