import { stringify } from "yaml";
import type { Document } from "../sdk/document.ts";
import { type Leaf, listLeaves } from "./list-leaves.ts";
import { type Proposals, proposeFields, type Role, timeFormatOf } from "./propose-fields.ts";

const notes: Readonly<Record<Role, string>> = {
  text: "What was executed; the first with a value counts. A list is joined by one space.",
  time: "When.",
  session: "Events of one key are a session; the first candidate whose fields all have values.",
  host: "Which machine.",
  user: "Who.",
  executable: "The program's path.",
  parent: "What started it.",
  id: "What names the event, if anything does.",
};

const othersShown = 30;

/**
 * The text of a mapping file for documents like the samples: recognised by what they all say, with fields proposed by
 * their names and the shape of their values. For a person to correct: comments say what each field held.
 */
export function scaffoldMapping(name: string, documents: readonly Document[]): string {
  const leaves = listLeaves(documents);
  const proposals = proposeFields(leaves);
  const all = documents.length;
  const sections = [
    `name: ${name}\nversion: 1\ntitle: ${quoted(titleOf(name))}`,
    "# Of the mappings that recognise a document, the one with the highest precedence takes it. Bundled: 10 to 200.\nprecedence: 300",
    recogniseSection(leaves, proposals, all),
    "platform: linux",
    'absent: ["-", "", "(null)", unset]',
    skipSection(leaves, proposals, all),
    listSection("text", proposals.text, all, textLine),
    listSection("time", proposals.time, all, timeLine),
    listSection("session", proposals.session, all, (leaf) => `{ fields: [${quoted(leaf.path)}] }`),
    ...(["host", "user", "executable", "parent"] as const).map((role) =>
      listSection(role, proposals[role], all, (leaf) => quoted(leaf.path)),
    ),
    listSection("id", proposals.id.slice(0, 1), all, (leaf) => `[${quoted(leaf.path)}]`),
    othersSection(leaves, proposals, all),
  ];
  return `${sections.filter((section) => section !== "").join("\n")}\n`;
}

function titleOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll("-", " ");
}

/** Names of fields that say what kind a document is. */
const kindName =
  /(^|[._])(app|application|type|kind|source|dataset|module|vendor|product|program|service|svc|category|event|evt|event[._]?name|event[._]?type|log[._]?type|log[._]?name|action|provider|facility|schema|channel|tag)$/i;

/** Fields that hold the same word in every sample and say its kind. */
function kindsOf(leaves: readonly Leaf[], all: number): Leaf[] {
  const kinds = leaves.filter(
    ({ path, count, values }) => count === all && values.length === 1 && kindName.test(path) && isWord(values[0]),
  );
  return kinds.slice(0, 3);
}

/** What every sample has: words that say its kind, and the field of the text; else any field. */
function recogniseSection(leaves: readonly Leaf[], proposals: Proposals, all: number): string {
  const kinds = kindsOf(leaves, all);
  const [text] = proposals.text;
  const tests = kinds.map(({ path, values }) => `{ field: ${quoted(path)}, equals: ${quoted(values[0] ?? "")} }`);
  const needsText = text !== undefined && (kinds.length === 0 || text.count === all);
  if (needsText) tests.push(`{ field: ${quoted(text.path)}, exists: true }`);
  if (tests.length === 0) tests.push(`{ field: ${quoted(leaves[0]?.path ?? "FIELD")}, exists: true }`);
  const lines = tests.map((test) => `    - ${test}`).join("\n");
  return `# Tests that hold for these documents and for no others.\nrecognise:\n  all:\n${lines}`;
}

/** Where only some samples of a kind hold a command, the others tell of something else. */
function skipSection(leaves: readonly Leaf[], proposals: Proposals, all: number): string {
  const [text] = proposals.text;
  const hint = kindHint(leaves, all);
  if (text === undefined || text.count === all || kindsOf(leaves, all).length === 0) return hint;
  const test = `{ none: [{ field: ${quoted(text.path)}, exists: true }] }`;
  return `# Documents of this kind that tell of no command.\nskip:\n  - when: ${test}\n    code: not_execution\n    reason: The document names no command.${hint === "" ? "" : `\n${hint}`}`;
}

/** A field that says what happened, in few words: ends and forks often repeat the command and are no starts. */
function kindHint(leaves: readonly Leaf[], all: number): string {
  const kind = leaves.find(
    ({ path, count, values }) =>
      count === all && values.length > 1 && values.length <= 12 && kindName.test(path) && values.every(isWord),
  );
  if (kind === undefined) return "";
  const [first = "", ...others] = kind.values.map(quoted);
  return `# ${quoted(kind.path)} held: ${[first, ...others].join(", ")}. Skip what is no start of a program, for example:\n#  - when: { field: ${quoted(kind.path)}, in: [${others.join(", ")}] }\n#    code: not_execution\n#    reason: The document tells of something else than a start.`;
}

function isWord(value: string | undefined): boolean {
  return value !== undefined && value.length > 0 && value.length <= 64 && !/[\n\d]{6}/.test(value);
}

function listSection(role: Role, leaves: readonly Leaf[], all: number, line: (leaf: Leaf) => string): string {
  const note = `# ${notes[role]}`;
  if (leaves.length > 0)
    return `${note}\n${role}:\n${leaves.map((leaf) => `  - ${line(leaf)}${seen(leaf, all)}`).join("\n")}`;
  const empty = role === "text" ? `text:\n  - FIELD # no field of the sample looks like a command` : `# ${role}: []`;
  return `${note}\n${empty}`;
}

function textLine(leaf: Leaf): string {
  return leaf.isList ? `{ join: ${quoted(leaf.path)} }` : quoted(leaf.path);
}

function timeLine(leaf: Leaf): string {
  return `{ field: ${quoted(leaf.path)}, format: ${timeFormatOf(leaf) ?? "rfc3339"} }`;
}

/** `# 3 of 5, e.g. "web-1"`: how many samples have it and what one held. */
function seen({ count, values }: Leaf, all: number): string {
  const example = (values[0] ?? "").slice(0, 60).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
  const share = count === all ? "" : `${count} of ${all}, `;
  return ` # ${share}e.g. ${JSON.stringify(example)}`;
}

function othersSection(leaves: readonly Leaf[], proposals: Proposals, all: number): string {
  const used = new Set(Object.values(proposals).flat());
  const others = leaves.filter((leaf) => !used.has(leaf)).slice(0, othersShown);
  if (others.length === 0) return "";
  const lines = others.map((leaf) => `#   ${leaf.path}${seen(leaf, all).replace(" #", " ")}`);
  return `# Other fields of the sample:\n${lines.join("\n")}`;
}

/** A string as YAML would have it in a flow list. */
function quoted(text: string): string {
  return /^[A-Za-z_][\w./-]*$/.test(text) ? stringify(text).trim() : JSON.stringify(text);
}
