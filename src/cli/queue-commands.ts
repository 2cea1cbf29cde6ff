import type { Command } from "commander";
import { fleetCommand } from "./fleet-command.ts";
import type { Terminal } from "./terminal.ts";
import { workerCommand } from "./worker-command.ts";

type Run = (work: () => Promise<number> | number) => Promise<void>;

/** Adds the commands of labelling on several machines. */
export function addQueueCommands(program: Command, run: Run, terminal: Terminal): void {
  program
    .command("worker")
    .description("label texts for pipelines on other machines")
    .requiredOption("--config <file>", "configuration with queue.type: bullmq (docs/scaling.md)")
    .option("--quiet", "print trouble only", false)
    .addHelpText("after", "\nExample:\n  tagsmith worker --config tagsmith.yaml\n\nSIGTERM finishes the jobs in hand.")
    .action((options: Parameters<typeof workerCommand>[0]) => run(() => workerCommand(options, terminal)));
  program
    .command("fleet")
    .description("show workers, pipelines and the queue between them")
    .requiredOption("--config <file>", "configuration with queue.type: bullmq")
    .option("--json", "print JSON", false)
    .addHelpText("after", "\nExample:\n  tagsmith fleet --config tagsmith.yaml")
    .action((options: Parameters<typeof fleetCommand>[0]) => run(() => fleetCommand(options, terminal)));
}
