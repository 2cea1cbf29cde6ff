import { lintDocument, loadCollection, type Problem, parsePipeline, type SigmaText } from "../sigma/index.ts";
import { exitCodes } from "./exit-code.ts";
import { readSigmaTexts } from "./read-sigma.ts";
import { printable, printableJson, type Terminal } from "./terminal.ts";

interface CheckOptions {
  readonly json: boolean;
  readonly lint: boolean;
  /** Warnings end the command as errors do. */
  readonly strict: boolean;
}

/** `tagsmith sigma check`: what is wrong with Sigma files; exit code 3 when something must be corrected. */
export function sigmaCheckCommand(paths: readonly string[], options: CheckOptions, terminal: Terminal): number {
  const texts = readSigmaTexts(paths);
  const pipelines = texts.filter(isPipeline);
  const rules = texts.filter((text) => !isPipeline(text));
  const collection = loadCollection(rules, options.lint ? { document: lintDocument } : undefined);
  const problems = [...collection.problems, ...pipelines.flatMap(pipelineProblems)];
  for (const problem of problems)
    terminal.out.write(options.json ? printableJson(`${JSON.stringify(problem)}\n`) : problemText(problem));
  const count = (severity: Problem["severity"]): number =>
    problems.filter((problem) => problem.severity === severity).length;
  const errors = count("error");
  const warnings = count("warning");
  if (!options.json) {
    const { correlations, filters } = collection;
    terminal.err.write(
      `${counted(texts.length, "file")}: ${counted(collection.rules.length, "rule")}, ` +
        `${counted(correlations.length, "correlation")}, ${counted(filters.length, "filter")}, ` +
        `${counted(pipelines.length, "pipeline")}; ${counted(errors, "error")}, ${counted(warnings, "warning")}, ` +
        `${counted(count("info"), "note")}.\n`,
    );
  }
  return errors > 0 || (options.strict && warnings > 0) ? exitCodes.input : exitCodes.ok;
}

/** Pipelines lie beside rules; they have transformations and nothing to detect. */
function isPipeline({ text }: SigmaText): boolean {
  return (
    /^(?:transformations|postprocessing|finalizers)\s*:/m.test(text) &&
    !/^(?:detection|correlation|filter|logsource)\s*:/m.test(text)
  );
}

function pipelineProblems({ file, text }: SigmaText): readonly Problem[] {
  const parsed = parsePipeline(text, file);
  return parsed.kind === "parsed" ? [] : parsed.problems;
}

function problemText({ file, line, column, severity, code, message, hint }: Problem): string {
  const head = printable(`${file}:${line}:${column}: ${severity} ${code}: ${message}`, 1_000);
  return `${head}\n    ${printable(hint, 1_000)}\n`;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
