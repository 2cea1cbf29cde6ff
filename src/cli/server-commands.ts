import { type Command, InvalidArgumentError, Option } from "commander";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { initCommand } from "./init-command.ts";
import type { InitOptions } from "./init-options.ts";
import { type InstallOptions, installCommand } from "./install-command.ts";
import { statusCommand } from "./status-command.ts";
import type { Terminal } from "./terminal.ts";

type Run = (work: () => Promise<number> | number) => Promise<void>;

/** The key that writes labels may not install; an administrator's credential is used once and stored nowhere. */
const adminOptions = {
  apiKey: new Option(
    "--admin-api-key-env <variable>",
    "variable with an administrator's API key, used once, never stored",
  ),
  username: new Option("--admin-username <name>", "administrator, used once, never stored"),
  password: new Option("--admin-password-env <variable>", "variable with the administrator's password"),
};

/** Adds the commands that look after the server that is written to. */
export function addServerCommands(program: Command, run: Run, registry: ConnectorRegistry, terminal: Terminal): void {
  addStatusCommand(program, run, registry, terminal);
  program
    .command("init")
    .description("look at your server, write tagsmith.yaml, show or create the least access it needs")
    .option("--config <file>", "configuration to write", "tagsmith.yaml")
    .option("--url <address>", "address of Elasticsearch or OpenSearch")
    .option("--indices <names>", "indices with audit events, separated by commas")
    .option(
      "--dashboards <address>",
      "address of Kibana or OpenSearch Dashboards, or none (default: looked for at port 5601 of the same host)",
    )
    .option("--from <when>", "where a first run starts: beginning, now, now-24h or a time", "now-1h")
    .option("--namespace <name>", "last part of the names that are written to", "default")
    .option("--ca-file <file>", "PEM file of the authority that signed the server's certificate")
    .option("--api-key-env <variable>", "environment variable with the API key to use")
    .option("--username <name>", "user to use instead")
    .option("--password-env <variable>", "environment variable with that user's password")
    .addOption(adminOptions.apiKey)
    .addOption(adminOptions.username)
    .addOption(adminOptions.password)
    .option("--create-keys", "create the keys for reading and writing as the administrator", false)
    .option("--expires-days <n>", "when the keys end", wholeDays, 90)
    .option("--force", "overwrite the configuration", false)
    .option("--json", "print JSON, ask nothing", false)
    .addHelpText(
      "after",
      "\nExamples:\n  tagsmith init\n  tagsmith init --url https://siem.example.com:9200 --indices 'logs-*' --api-key-env TAGSMITH_KEY",
    )
    .action((options: InitOptions) => run(() => initCommand(options, registry, terminal)));
  program
    .command("install")
    .description("put templates, pipeline and lifecycle into the server that the sink writes to")
    .requiredOption("--config <file>", "configuration, e.g. tagsmith.yaml")
    .option("--dry-run", "show what would change, change nothing", false)
    .option("--uninstall", "take away what Tagsmith installed, and nothing else", false)
    .option("--delete-data", "with --uninstall: also labels, verdicts, alerts and dead letters", false)
    .addOption(adminOptions.apiKey)
    .addOption(adminOptions.username)
    .addOption(adminOptions.password)
    .option("--json", "print JSON", false)
    .addHelpText("after", "\nExample:\n  tagsmith install --config tagsmith.yaml --dry-run")
    .action((options: InstallOptions) => run(() => installCommand(options, registry, terminal)));
}

function addStatusCommand(program: Command, run: Run, registry: ConnectorRegistry, terminal: Terminal): void {
  program
    .command("status")
    .description("how the run of a configuration is doing, and what it has written")
    .requiredOption("--config <file>", "configuration, e.g. tagsmith.yaml")
    .option("--json", "print JSON", false)
    .addHelpText("after", "\nExample:\n  tagsmith status --config tagsmith.yaml")
    .action((options: { config: string; json: boolean }) => run(() => statusCommand(options, registry, terminal)));
}

function wholeDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 3650) throw new InvalidArgumentError("expected 1 to 3650 days");
  return days;
}
