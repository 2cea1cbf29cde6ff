import type { ValueReader } from "./read-value.ts";
import type { RedactionRules } from "./redaction-rules.ts";
import { anyOf, type Span, type SpanFinder } from "./span.ts";

type OptionRule = RedactionRules["options"][number];

interface Word {
  readonly text: string;
  readonly from: number;
}

/** Secrets in the options of certain programs, such as `mysql -pSECRET`, up to the end of their simple command. */
export function compileOptions(rules: RedactionRules, readValue: ValueReader): SpanFinder {
  const byProgram = new Map<string, OptionRule[]>();
  for (const rule of rules.options) {
    for (const program of rule.programs) byProgram.set(program, [...(byProgram.get(program) ?? []), rule]);
  }
  if (byProgram.size === 0) return () => undefined;
  const programs = new RegExp(`(?<![\\w.-])(?:${anyOf([...byProgram.keys()])})(?![\\w.-])`);
  return (text, found) => {
    if (!programs.test(text)) return;
    for (const command of simpleCommands(text)) {
      for (let index = 0; index < command.length; index += 1) {
        const own = byProgram.get(baseName(command[index]?.text ?? ""));
        const isLookedFor = /^-i?(?:name|path|wholename|regex)$/.test(command[index - 1]?.text ?? "");
        if (own !== undefined && !isLookedFor) findIn(command, index + 1, own, readValue, text, found);
      }
    }
  };
}

/** The words of each simple command; quotes are looked through, since joined arguments have lost theirs. */
function simpleCommands(text: string): Word[][] {
  const commands: Word[][] = [];
  let current: Word[] = [];
  for (const match of text.matchAll(/[^\s"'`;|&()]+|[;|&()]+/g)) {
    // The commas between the strings of a JSON list are no words.
    if (match[0] === ",") continue;
    if (!/^[;|&()]/.test(match[0])) current.push({ text: match[0], from: match.index });
    else if (current.length > 0) {
      commands.push(current);
      current = [];
    }
  }
  return current.length > 0 ? [...commands, current] : commands;
}

function baseName(word: string): string {
  return word.slice(word.lastIndexOf("/") + 1);
}

/** How many words of one command are looked at for one program's options. */
const maxWords = 400;

function findIn(
  command: readonly Word[],
  start: number,
  rules: readonly OptionRule[],
  readValue: ValueReader,
  text: string,
  found: Span[],
): void {
  const end = Math.min(command.length, start + maxWords);
  for (const rule of rules) {
    if (rule.needs !== undefined && !command.slice(start, end).some((word) => word.text === rule.needs)) continue;
    for (let index = start; index < end; index += 1) {
      const word = command[index];
      if (word === undefined) continue;
      const place = placeOf(rule, word, command[index + 1], text);
      const secret = place === undefined ? undefined : readValue(text, place.from);
      if (place === undefined || secret === undefined) continue;
      found.push(place.to === undefined ? secret : { from: place.from, to: place.to });
    }
  }
}

/** Where a secret begins, and where it ends when that is not where a value would. */
interface Place {
  readonly from: number;
  readonly to?: number;
}

function placeOf(rule: OptionRule, word: Word, next: Word | undefined, text: string): Place | undefined {
  if (next !== undefined && (rule.separate.includes(word.text) || rule.position === word.text)) {
    if (next.text.startsWith("-") && rule.position !== undefined) return undefined;
    return { from: isQuote(text.charAt(next.from - 1)) ? next.from - 1 : next.from };
  }
  const attached = rule.attached.find((option) => word.text.startsWith(option) && isLonger(word, option, text));
  if (attached !== undefined) return attachedPlace(rule, word, attached);
  const isPair = rule.pair.some((option) => option === word.text || (option === "" && !word.text.startsWith("-")));
  return isPair ? pairPlace(rule.pair.includes(word.text) ? next : word, rule.separator) : undefined;
}

function isQuote(char: string): boolean {
  return char === '"' || char === "'";
}

/** Something follows the option in its word, quoted or not. */
function isLonger(word: Word, option: string, text: string): boolean {
  return word.text.length > option.length || isQuote(text.charAt(word.from + option.length));
}

function attachedPlace(rule: OptionRule, word: Word, option: string): Place | undefined {
  const rest = word.text.slice(option.length);
  const kept = rule.keep_to === undefined ? 0 : rest.indexOf(rule.keep_to) + 1;
  return rule.keep_to !== undefined && kept === 0 ? undefined : { from: word.from + option.length + kept };
}

/** What follows the first separator; up to the last `@`, where a host follows. */
function pairPlace(word: Word | undefined, separator: string): Place | undefined {
  const at = word?.text.indexOf(separator) ?? -1;
  if (word === undefined || at < 0 || at === word.text.length - 1 || /^[\w+.-]+:\/\//.test(word.text)) return undefined;
  const from = word.from + at + 1;
  const host = word.text.lastIndexOf("@");
  return host > at ? { from, to: word.from + host } : { from };
}
