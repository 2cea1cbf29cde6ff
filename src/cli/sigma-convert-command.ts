import { readFileSync } from "node:fs";
import { TagsmithError } from "../event/tagsmith-error.ts";
import {
  type Exported,
  type ExportFormat,
  exportRule,
  type Fidelity,
  type FieldTypes,
  fieldTypesOf,
  type Target,
  unknownFields,
} from "../sigma/index.ts";
import { exitCodes } from "./exit-code.ts";
import { type PreparedRule, prepareSigmaRules } from "./sigma-rules.ts";
import { printable, printableJson, type Terminal } from "./terminal.ts";

export interface ConvertCommandOptions {
  readonly target: Target;
  readonly fidelity: Fidelity;
  readonly format: ExportFormat;
  readonly pipeline: readonly string[];
  readonly index: readonly string[];
  readonly mapping?: string;
  readonly interval: number;
  /** One JSON object a rule, with warnings and refusals. */
  readonly json: boolean;
}

/** `tagsmith sigma convert`: rules as a SIEM's queries or imports; exit code 3 when a rule could not be converted. */
export function sigmaConvertCommand(
  paths: readonly string[],
  options: ConvertCommandOptions,
  terminal: Terminal,
): number {
  const fieldTypes = options.mapping === undefined ? unknownFields : readMapping(options.mapping);
  const { rules, refused, finalize } = prepareSigmaRules(paths, options.pipeline, terminal);
  let failed = refused;
  const outputs: unknown[] = [];
  for (const prepared of rules) {
    const exported = convert(prepared, options, fieldTypes);
    if (exported.kind === "refused") failed += 1;
    if (options.json) writeJson(prepared, exported, terminal);
    else {
      report(prepared, exported, terminal);
      if (exported.kind === "converted")
        outputs.push(...exported.outputs.map((output) => prepared.postprocess(output)));
    }
  }
  if (!options.json) writeOutputs(finalize(outputs), terminal);
  return failed > 0 ? exitCodes.input : exitCodes.ok;
}

function convert(prepared: PreparedRule, options: ConvertCommandOptions, fieldTypes: FieldTypes): Exported {
  const { target, fidelity, format, index, interval } = options;
  const noted = prepared.state.get("index");
  const indices = index.length > 0 ? index : typeof noted === "string" ? [noted] : ["*"];
  return exportRule(prepared.rule, {
    target,
    fidelity,
    format,
    fieldTypes,
    indices,
    index: indices.join(","),
    intervalMinutes: interval,
  });
}

function writeJson({ rule, postprocess }: PreparedRule, exported: Exported, terminal: Terminal): void {
  const { id, title } = rule.metadata;
  const shown =
    exported.kind === "converted"
      ? { ...exported, outputs: exported.outputs.map((output) => postprocess(output)) }
      : exported;
  terminal.out.write(printableJson(`${JSON.stringify({ id, title, ...shown })}\n`));
}

function report({ rule }: PreparedRule, exported: Exported, terminal: Terminal): void {
  const notes =
    exported.kind === "refused"
      ? exported.reasons.map((reason) => `not converted: ${reason}`)
      : exported.postFilter
        ? exported.warnings.map((warning) => `finds more than the rule matches: ${warning}`)
        : [];
  for (const note of notes) terminal.err.write(`${printable(`${rule.metadata.title}: ${note}`, 1_000)}\n`);
}

/** Texts as they are, one an output; objects as JSON, one a line. */
function writeOutputs(finalized: unknown, terminal: Terminal): void {
  for (const output of Array.isArray(finalized) ? finalized : [finalized]) {
    const text = typeof output === "string" ? output : JSON.stringify(output);
    terminal.out.write(text.endsWith("\n") ? text : `${text}\n`);
  }
}

function readMapping(path: string): FieldTypes {
  try {
    return fieldTypesOf(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    if (cause instanceof TagsmithError) throw cause;
    throw new TagsmithError("sigma_mapping_invalid", `${path}: ${String(cause)}`, "exit", cause);
  }
}
