import { type Command, InvalidArgumentError, Option } from "commander";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { sigmaCheckCommand } from "./sigma-check-command.ts";
import { type ConvertCommandOptions, sigmaConvertCommand } from "./sigma-convert-command.ts";
import { type MatchCommandOptions, sigmaExplainCommand, sigmaMatchCommand } from "./sigma-match-command.ts";
import type { Terminal } from "./terminal.ts";

type Run = (work: () => Promise<number> | number) => Promise<void>;

const ruleFiles = "files, folders (their .yml and .yaml), or - for standard input";

/** Adds `tagsmith sigma …`: what can be done with Sigma rules without a SIEM. */
export function addSigmaCommands(program: Command, run: Run, registry: ConnectorRegistry, terminal: Terminal): void {
  const sigma = program.command("sigma").description("check, convert and match Sigma rules, correlations and filters");
  sigma
    .command("check")
    .description("say what is wrong with Sigma files, and where")
    .argument("<path...>", ruleFiles)
    .option("--json", "print problems as NDJSON", false)
    .option("--no-lint", "only what makes a rule unusable, no advice")
    .option("--strict", "warnings end the command with exit code 3, as errors do", false)
    .addHelpText("after", "\nExamples:\n  tagsmith sigma check rules/\n  cat rule.yml | tagsmith sigma check -")
    .action((paths: string[], options: { json: boolean; lint: boolean; strict: boolean }) =>
      run(() => sigmaCheckCommand(paths, options, terminal)),
    );
  addConvert(sigma, run, terminal);
  addMatch(sigma, run, registry, terminal);
  addExplain(sigma, run, registry, terminal);
}

function addConvert(sigma: Command, run: Run, terminal: Terminal): void {
  sigma
    .command("convert")
    .description("write rules in the language of a SIEM")
    .argument("<path...>", ruleFiles)
    .addOption(new Option("--target <language>", "what to write").choices(targets).default("dsl"))
    .addOption(
      new Option("--format <format>", "bare queries, or what a SIEM imports").choices(formats).default("query"),
    )
    .addOption(
      new Option("--fidelity <fidelity>", "exact: or refused; superset: may find more; compat: as pySigma writes it")
        .choices(["exact", "superset", "compat"])
        .default("exact"),
    )
    .option("--pipeline <file...>", "processing pipelines: files, or names of bundled ones", [])
    .option("--index <name...>", "indices to search; default: what pipelines note, else *", [])
    .option("--mapping <file>", "index mapping as JSON, for the types of fields; default: keywords")
    .option("--interval <minutes>", "time between runs of exported rules", minutes, 5)
    .option("--json", "one JSON object a rule, with warnings and refusals", false)
    .addHelpText(
      "after",
      "\nExamples:\n  tagsmith sigma convert rules/ --target esql --pipeline ecs-linux-elastic-defend\n" +
        "  tagsmith sigma convert rule.yml --target eql --format kibana_rule --index 'logs-*' > rules.ndjson",
    )
    .action((paths: string[], options: ConvertCommandOptions) =>
      run(() => sigmaConvertCommand(paths, options, terminal)),
    );
}

const targets = ["dsl", "lucene", "eql", "esql", "kql", "ppl"];
const formats = [
  "query",
  "kibana_rule",
  "monitor",
  "security_analytics",
  "dsl_lucene",
  "kibana_ndjson",
  "monitor_rule",
];

function addMatch(sigma: Command, run: Run, registry: ConnectorRegistry, terminal: Terminal): void {
  sigma
    .command("match")
    .description("match the events of a file, correlations included")
    .argument("<path...>", ruleFiles)
    .requiredOption("--input <file>", "events: NDJSON, JSON, .gz; - for standard input")
    .option("--pipeline <file...>", "processing pipelines: files, or names of bundled ones", [])
    .option("--category <name>", "category of the events' log source; rules for others are left out")
    .option("--product <name>", "product of the events' log source")
    .option("--service <name>", "service of the events' log source")
    .option("--time-field <field>", "time of an event, for correlations", "@timestamp")
    .option("--lateness-secs <n>", "how late an event may come behind later ones", seconds, 60)
    .option("--suppress-secs <n>", "how long a correlation's group is silent after an alert", seconds, 0)
    .addHelpText(
      "after",
      "\nExample:\n  tagsmith sigma match rules/ --input events.ndjson --product linux --category process_creation",
    )
    .action((paths: string[], options: MatchCommandOptions) =>
      run(() => sigmaMatchCommand(paths, options, registry, terminal)),
    );
}

function addExplain(sigma: Command, run: Run, registry: ConnectorRegistry, terminal: Terminal): void {
  sigma
    .command("explain")
    .description("say which selections of rules hold for events, and by which values")
    .argument("<path...>", ruleFiles)
    .requiredOption("--input <file>", "events: NDJSON, JSON, .gz; - for standard input")
    .option("--pipeline <file...>", "processing pipelines: files, or names of bundled ones", [])
    .option("--json", "print NDJSON", false)
    .addHelpText("after", "\nExample:\n  tagsmith sigma explain rule.yml --input event.json")
    .action((paths: string[], options: { input: string; pipeline: string[]; json: boolean }) =>
      run(() => sigmaExplainCommand(paths, options, registry, terminal)),
    );
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError("expected a number of seconds");
  return value;
}

function minutes(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("expected a whole number of minutes");
  return value;
}
