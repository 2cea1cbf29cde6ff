import type { Document } from "../sdk/document.ts";
import {
  type CorrelationAlert,
  type Correlator,
  compileRules,
  createCorrelator,
  type EventSource,
  eventTimeOf,
  explainRule,
  type RuleExplanation,
  unmatchableReason,
} from "../sigma/index.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { exitCodes } from "./exit-code.ts";
import { readDocuments } from "./read-records.ts";
import { prepareSigmaRules } from "./sigma-rules.ts";
import { printable, printableJson, type Terminal } from "./terminal.ts";

export interface MatchCommandOptions extends EventSource {
  readonly input: string;
  readonly pipeline: readonly string[];
  /** Field with the time of an event, for correlations. */
  readonly timeField: string;
  readonly latenessSecs: number;
  readonly suppressSecs: number;
}

const maxGroups = 100_000;
const maxEventsAGroup = 10_000;

/** `tagsmith sigma match`: which rules and correlations match the events of a file, one JSON object a match. */
export async function sigmaMatchCommand(
  paths: readonly string[],
  options: MatchCommandOptions,
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const prepared = prepareSigmaRules(paths, options.pipeline, terminal);
  const rules = prepared.rules.map(({ subject }) => subject);
  const correlations = prepared.correlations.map(({ subject }) => subject);
  const matcher = compileRules(rules);
  for (const { rule, reason } of matcher.unmatchable) {
    terminal.err.write(`${printable(`${rule.metadata.title}: cannot be matched here: ${reason}`, 1_000)}\n`);
  }
  const correlator = createCorrelator(rules, correlations, {
    maxLatenessMs: options.latenessSecs * 1_000,
    maxGroups,
    maxEventsAGroup,
    suppressMs: options.suppressSecs * 1_000,
  });
  const source = sourceOf(options);
  const leftOut = matcher.leftOut(source);
  if (leftOut > 0) terminal.err.write(leftOutText(leftOut));
  let number = 0;
  let matches = 0;
  for await (const event of readDocuments(options.input, registry, (bad) => {
    terminal.err.write(`${printable(`${options.input}: ${bad.id}: ${bad.reason}`, 1_000)}\n`);
  })) {
    number += 1;
    const matched = matcher.match(event, source);
    for (const rule of matched) {
      if (correlator.isSilent(rule)) continue;
      const { id, title, level } = rule.metadata;
      matches += 1;
      writeLine({ event: number, id, title, level }, terminal);
    }
    matches += writeAlerts(correlate(correlator, event, matched, options.timeField), terminal);
  }
  matches += writeAlerts(correlator.flush(), terminal);
  const { lateEvents } = correlator.counts();
  const late =
    lateEvents === 0
      ? ""
      : `, ${lateEvents.toLocaleString("en-US")} events that correlations did not count: without a usable time, or later than --lateness-secs`;
  terminal.err.write(`${number.toLocaleString("en-US")} events, ${matches.toLocaleString("en-US")} matches${late}.\n`);
  return exitCodes.ok;
}

function leftOutText(count: number): string {
  const rules = count === 1 ? "1 rule is" : `${count.toLocaleString("en-US")} rules are`;
  return `${rules} left out: the log source names a product, category or service that the options do not.\n`;
}

function correlate(
  correlator: Correlator,
  event: Document,
  rules: ReturnType<ReturnType<typeof compileRules>["match"]>,
  timeField: string,
): readonly CorrelationAlert[] {
  if (rules.length === 0) return [];
  return correlator.push({ event, rules, time: eventTimeOf(event, timeField) ?? Number.NaN });
}

function writeAlerts(alerts: readonly CorrelationAlert[], terminal: Terminal): number {
  for (const { correlation, time, group, measured, events } of alerts) {
    const { id, title, level } = correlation.metadata;
    writeLine(
      { correlation: true, id, title, level, time: new Date(time).toISOString(), group, measured, events },
      terminal,
    );
  }
  return alerts.length;
}

/** `tagsmith sigma explain`: for every event and rule, which selections hold and by which values. */
export async function sigmaExplainCommand(
  paths: readonly string[],
  options: Pick<MatchCommandOptions, "input" | "pipeline"> & { readonly json: boolean },
  registry: ConnectorRegistry,
  terminal: Terminal,
): Promise<number> {
  const { rules } = prepareSigmaRules(paths, options.pipeline, terminal);
  let number = 0;
  for await (const event of readDocuments(options.input, registry, (bad) => {
    terminal.err.write(`${printable(`${options.input}: ${bad.id}: ${bad.reason}`, 1_000)}\n`);
  })) {
    number += 1;
    for (const { subject: rule } of rules) {
      const { id, title } = rule.metadata;
      const reason = unmatchableReason(rule);
      if (reason !== undefined) {
        terminal.err.write(`${printable(`${title}: cannot be matched here: ${reason}`, 1_000)}\n`);
        continue;
      }
      const explanation = explainRule(rule, event);
      if (options.json) writeLine({ event: number, id, title, ...explanation }, terminal);
      else terminal.out.write(explanationText(number, title, explanation));
    }
  }
  return exitCodes.ok;
}

function explanationText(event: number, title: string, { matches, selections }: RuleExplanation): string {
  const lines = [`event ${event}: ${printable(title)}: ${matches ? "matches" : "does not match"}`];
  for (const { name, matches: holds, items } of selections) {
    lines.push(`  ${mark(holds)} ${printable(name)}`);
    for (const item of items) {
      const field = item.field === undefined ? "keywords" : [item.field, ...item.modifiers].join("|");
      const by = item.matched.length > 0 ? ` by ${item.matched.map((value) => JSON.stringify(value)).join(", ")}` : "";
      const has = item.missing ? "the field is missing" : item.found.map((value) => JSON.stringify(value)).join(", ");
      lines.push(
        `      ${mark(item.matches)} ${printable(field)}${printable(by, 300)}${has === "" ? "" : ` in ${printable(has, 300)}`}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

function mark(holds: boolean): string {
  return holds ? "+" : "-";
}

function writeLine(value: object, terminal: Terminal): void {
  terminal.out.write(printableJson(`${JSON.stringify(value)}\n`));
}

function sourceOf({ category, product, service }: EventSource): EventSource | undefined {
  if (category === undefined && product === undefined && service === undefined) return undefined;
  return {
    ...(category === undefined ? {} : { category }),
    ...(product === undefined ? {} : { product }),
    ...(service === undefined ? {} : { service }),
  };
}
