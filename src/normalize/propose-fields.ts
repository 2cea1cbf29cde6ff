import type { Leaf } from "./list-leaves.ts";
import { parseTime, type TimeFormat } from "./parse-time.ts";

/** What a field may be for. */
export type Role = "text" | "time" | "session" | "host" | "user" | "executable" | "parent" | "id";

/** Fields for one role, the likeliest first. */
export type Proposals = Readonly<Record<Role, readonly Leaf[]>>;

/** How names tell a role: words of a path's last two names, the surest first. */
const names: Readonly<Record<Role, readonly RegExp[]>> = {
  text: [
    /(^|\.)(command_?line|cmd_?line|cmd|command|commands|proc\.cmdline)$/,
    /(^|\.)(argv|args|arguments|exec|execve)$/,
    /(^|[._])(cmd|command|cmdline|commandline)([._]|$)/,
    /(^|\.)(raw|query|input|line|statement)$/,
  ],
  time: [/(^|\.)@?timestamp$/, /(^|[._])(time|ts|date|datetime|at|when|created|occurred)([._]|$)/, /time$/],
  session: [
    /(^|[._])(session|sess|ses)([._]?(id|key|uuid|guid|name))?$/,
    /(^|[._])(login|logon|connection|conn|trace|ticket)([._]?(id|uuid|guid))$/,
    /(^|[._])(tty|terminal|pts|sid)$/,
  ],
  host: [
    /(^|\.)(hostname|host\.name|host|host_name)$/,
    /(^|[._])fqdn$/,
    /(^|[._])(machine|computer|node|server|device|instance|box|endpoint)([._]?(name|id))?$/,
  ],
  user: [
    /(^|\.)(user\.name|username|user_name|user)$/,
    /(^|[._])(login|account|actor|who|principal|subject|operator|caller)([._]?name)?$/,
    /(^|[._])(e?uid|user[._]?id)$/,
  ],
  executable: [/(^|[._])(exe|executable|image|binary|program|exec_?path|folderpath)([._]?path)?$/],
  parent: [/(^|[._])(parent|initiating).*(command|cmd|exe|image|path|binary)/, /(^|[._])(parent|ppid|initiating)/],
  id: [/(^|\.)(event[._]?id|event[._]?uuid|uuid|guid|id|record[._]?id)$/],
};

/** Proposes fields by their names and by the shape of what they hold. */
export function proposeFields(leaves: readonly Leaf[]): Proposals {
  const parents = ranked("parent", leaves, isShort);
  const own = leaves.filter((leaf) => !parents.includes(leaf));
  return {
    text: ranked("text", own, isCommand),
    time: ranked("time", leaves, (leaf) => timeFormatOf(leaf) !== undefined),
    session: ranked("session", leaves, isShort),
    host: ranked("host", leaves, isName),
    user: ranked("user", own, isName),
    executable: ranked("executable", own, (leaf) => leaf.values.some((value) => /^[/\\]|^[A-Za-z]:\\/.test(value))),
    parent: parents,
    id: ranked("id", leaves, (leaf) => leaf.values.length === leaf.count && isShort(leaf)),
  };
}

const maxProposed = 4;

function ranked(role: Role, leaves: readonly Leaf[], fits: (leaf: Leaf) => boolean): Leaf[] {
  const scored = leaves.flatMap((leaf) => {
    const rank = names[role].findIndex((name) => name.test(leaf.path.toLowerCase()));
    return rank < 0 || !fits(leaf) ? [] : [{ leaf, rank }];
  });
  scored.sort((a, b) => a.rank - b.rank || b.leaf.count - a.leaf.count || a.leaf.path.length - b.leaf.path.length);
  return scored.slice(0, maxProposed).map(({ leaf }) => leaf);
}

function isCommand(leaf: Leaf): boolean {
  return leaf.isList || leaf.values.some((value) => /[A-Za-z]/.test(value));
}

function isShort({ values }: Leaf): boolean {
  return values.every((value) => value.length <= 512);
}

/** A name is no number with a fraction and no truth value, and has no line end. */
function isName({ values, isList }: Leaf): boolean {
  return !isList && values.every((value) => value.length <= 200 && !/^(true|false|\d+\.\d+|)$|\n/.test(value));
}

/** 2001 to 2100 in each unit: which one a number must be. */
const units: readonly (readonly [TimeFormat, number])[] = [
  ["epoch_s", 1],
  ["epoch_ms", 1e3],
  ["epoch_us", 1e6],
  ["epoch_ns", 1e9],
];

/** The format of a field whose values are all times, by their shape. */
export function timeFormatOf({ values, isList }: Leaf): TimeFormat | undefined {
  if (isList || values.length === 0) return undefined;
  const isIn = (value: string, unit: number): boolean =>
    /^\d{9,20}(\.\d+)?$/.test(value) && Number(value) >= 978_307_200 * unit && Number(value) < 4_102_444_800 * unit;
  const number = units.find(([, unit]) => values.every((value) => isIn(value, unit)))?.[0];
  if (number !== undefined) return number;
  return values.every((value) => parseTime("rfc3339", value) !== undefined) ? "rfc3339" : undefined;
}
