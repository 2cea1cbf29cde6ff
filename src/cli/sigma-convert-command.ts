import { readFileSync } from "node:fs";
import { loadStreams } from "../deploy/load-streams.ts";
import { loadAttack, type Technique } from "../event/attack.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import {
  type Correlation,
  type Exported,
  type ExportFormat,
  type ExportOptions,
  exportCorrelation,
  exportRule,
  type Fidelity,
  type FieldTypes,
  fieldTypesOf,
  type Rule,
  resolveReferences,
  type Target,
  unknownFields,
} from "../sigma/index.ts";
import { exitCodes } from "./exit-code.ts";
import { bundled } from "./paths.ts";
import { type Prepared, type PreparedRules, prepareSigmaRules } from "./sigma-rules.ts";
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
  const fieldTypes = options.mapping === undefined ? ownFields() : readMapping(options.mapping);
  const ready = prepareSigmaRules(paths, options.pipeline, terminal);
  let failed = ready.refused;
  const outputs: unknown[] = [];
  for (const { subject, exported, postprocess } of convertAll(ready, options, fieldTypes)) {
    if (exported.kind === "refused") failed += 1;
    const written = exported.kind === "converted" ? exported.outputs.map(postprocess) : [];
    if (options.json) writeJson(subject, exported, written, terminal);
    else {
      report(subject, exported, terminal);
      outputs.push(...written);
    }
  }
  if (!options.json) writeOutputs(ready.finalize(outputs), terminal);
  return failed > 0 ? exitCodes.input : exitCodes.ok;
}

type Subject = Rule | Correlation;

/** Converts rules and correlations; rules that only feed a correlation are left out. */
function convertAll(
  { rules, correlations }: PreparedRules,
  options: ConvertCommandOptions,
  fieldTypes: FieldTypes,
): readonly (Prepared<Subject> & { readonly exported: Exported })[] {
  const subjects = correlations.map(({ subject }) => subject);
  const targets = resolveReferences(
    rules.map(({ subject }) => subject),
    subjects,
  );
  const silent = new Set<Subject>(subjects.flatMap((each, index) => (each.generate ? [] : (targets[index] ?? []))));
  const ofRules = rules.map((each) => {
    const exported = (): Exported => exportRule(each.subject, exportOptions(each.state, options, fieldTypes));
    return { ...each, exported };
  });
  const ofCorrelations = correlations.map((each, index) => {
    const settings = exportOptions(each.state, options, fieldTypes);
    return { ...each, exported: (): Exported => exportCorrelation(each.subject, targets[index] ?? [], settings) };
  });
  return [...ofRules, ...ofCorrelations]
    .filter(({ subject }) => !silent.has(subject))
    .map((each) => ({ ...each, exported: each.exported() }));
}

function exportOptions(
  state: ReadonlyMap<string, unknown>,
  { target, fidelity, format, index, interval }: ConvertCommandOptions,
  fieldTypes: FieldTypes,
): ExportOptions {
  const noted = [state.get("index")].flat().filter((each) => typeof each === "string");
  const known = index.length > 0 ? index : [...new Set(noted)].sort();
  const indices = known.length > 0 ? known : ["*"];
  const settings = {
    target,
    fidelity,
    format,
    fieldTypes,
    indices,
    index: indices.join(","),
    intervalMinutes: interval,
  };
  return format === "kibana_rule" ? { ...settings, techniques: knownTechniques() } : settings;
}

function knownTechniques(): ReadonlyMap<string, Technique> {
  const techniques = [...loadAttack(bundled.attack()).values()].flat();
  return new Map(techniques.map((technique) => [technique.id, technique]));
}

function writeJson({ metadata }: Subject, exported: Exported, outputs: readonly unknown[], terminal: Terminal): void {
  const { id, title } = metadata;
  const shown = exported.kind === "converted" ? { ...exported, outputs } : exported;
  terminal.out.write(printableJson(`${JSON.stringify({ id, title, ...shown })}\n`));
}

function report({ metadata }: Subject, exported: Exported, terminal: Terminal): void {
  const notes =
    exported.kind === "refused"
      ? exported.reasons.map((reason) => `not converted: ${reason}`)
      : exported.postFilter
        ? exported.warnings.map((warning) => `finds more than the rule matches: ${warning}`)
        : [];
  for (const note of notes) terminal.err.write(`${printable(`${metadata.title}: ${note}`, 1_000)}\n`);
}

/** Texts as they are, one an output; objects as JSON, one a line. */
function writeOutputs(finalized: unknown, terminal: Terminal): void {
  for (const output of Array.isArray(finalized) ? finalized : [finalized]) {
    const text = typeof output === "string" ? output : JSON.stringify(output);
    terminal.out.write(text.endsWith("\n") ? text : `${text}\n`);
  }
}

/** Without a mapping only what Tagsmith itself writes is known. */
function ownFields(): FieldTypes {
  const { streams } = loadStreams(bundled.streams());
  const fields = Object.values(streams).flatMap((stream) => Object.entries(stream.fields));
  return { ...unknownFields, flat: fields.flatMap(([name, type]) => (type === "flat" ? [name] : [])) };
}

function readMapping(path: string): FieldTypes {
  try {
    return fieldTypesOf(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    if (cause instanceof TagsmithError) throw cause;
    throw new TagsmithError("sigma_mapping_invalid", `${path}: ${String(cause)}`, "exit", cause);
  }
}
