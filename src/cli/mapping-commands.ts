import type { Command } from "commander";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { listMappingsCommand } from "./list-mappings-command.ts";
import { mappingCoverageCommand } from "./mapping-coverage-command.ts";
import { newMappingCommand } from "./new-mapping-command.ts";
import type { MappingOptions } from "./open-mappings.ts";
import type { Terminal } from "./terminal.ts";
import { testMappingsCommand } from "./test-mappings-command.ts";

type Run = (work: () => Promise<number> | number) => Promise<void>;

/** `tagsmith mappings …`: what Tagsmith can read, and how to teach it more. */
export function addMappingCommands(program: Command, run: Run, registry: ConnectorRegistry, terminal: Terminal): void {
  const mappings = program.command("mappings").description("list, test, make and measure mappings (docs/mappings.md)");
  withMappingOptions(mappings.command("list").description("every mapping, in the order they are asked"))
    .option("--json", "print JSON", false)
    .action((options: MappingOptions & { json: boolean }) => run(() => listMappingsCommand(options, terminal)));
  withMappingOptions(mappings.command("test").description("run the samples beside mapping files"))
    .argument("<file...>", "mapping files; samples are in NAME.samples.yaml beside each")
    .option("--samples <file>", "samples of the mapping")
    .option("--json", "print JSON", false)
    .addHelpText("after", "\nExample:\n  tagsmith mappings test my-mappings/jumpbox.yaml")
    .action((files: string[], options: MappingOptions & { samples?: string; json: boolean }) =>
      run(() => testMappingsCommand(files, options, terminal)),
    );
  withMappingOptions(mappings.command("new").description("make a mapping and its samples from documents"))
    .argument("<name>", "small letters, digits and -")
    .requiredOption("--from <file>", "documents as the SIEM holds them: NDJSON, JSON, text lines, .gz")
    .option("--output <folder>", "where NAME.yaml and NAME.samples.yaml go", ".")
    .addHelpText("after", "\nExample:\n  tagsmith mappings new jumpbox --from sample.ndjson --output my-mappings")
    .action((name: string, options: MappingOptions & { from: string; output: string }) =>
      run(() => newMappingCommand(name, options, registry, terminal)),
    );
  withMappingOptions(mappings.command("coverage").description("which mapping takes how many documents of a sample"))
    .option("--input <file...>", "NDJSON, JSON, text lines, .gz; - for standard input; else the source of --config")
    .option("--sample <documents>", "how many documents of that source at most", "10000")
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      "\nExamples:\n  tagsmith mappings coverage --input samples/data/*\n  tagsmith mappings coverage --config tagsmith.yaml --sample 1000",
    )
    .action((options: MappingOptions & { input?: string[]; sample: string; json: boolean }) =>
      run(() => mappingCoverageCommand(options, registry, terminal)),
    );
}

function withMappingOptions(command: Command): Command {
  return command
    .option("--mappings <folder>", "mappings instead of the bundled ones")
    .option("--extra <path...>", "folders or files whose mappings override or add")
    .option("--config <file>", "mappings as a configuration says");
}
