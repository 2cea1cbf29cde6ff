import type { Command } from "commander";
import { sigmaCheckCommand } from "./sigma-check-command.ts";
import type { Terminal } from "./terminal.ts";

/** Adds `tagsmith sigma …`: what can be done with Sigma rules without a SIEM. */
export function addSigmaCommands(
  program: Command,
  run: (work: () => Promise<number> | number) => Promise<void>,
  terminal: Terminal,
): void {
  const sigma = program.command("sigma").description("check Sigma rules, correlations and filters");
  sigma
    .command("check")
    .description("say what is wrong with Sigma files, and where")
    .argument("<path...>", "files, folders (their .yml and .yaml), or - for standard input")
    .option("--json", "print problems as NDJSON", false)
    .option("--no-lint", "only what makes a rule unusable, no advice")
    .option("--strict", "warnings end the command with exit code 3, as errors do", false)
    .addHelpText("after", "\nExamples:\n  tagsmith sigma check rules/\n  cat rule.yml | tagsmith sigma check -")
    .action((paths: string[], options: { json: boolean; lint: boolean; strict: boolean }) =>
      run(() => sigmaCheckCommand(paths, options, terminal)),
    );
}
