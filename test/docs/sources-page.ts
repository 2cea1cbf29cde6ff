// The page docs/sources.md, made of mappings/. `npm run docs:sources` writes it; a test says whether it is up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { describeCondition } from "../../src/normalize/interpret-condition.ts";
import { nameOf } from "../../src/normalize/interpret-mapping.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import type { Mapping, TextSpec, ValueSpec } from "../../src/normalize/mapping-schema.ts";

const root = resolve(import.meta.dirname, "../..");
const file = resolve(root, "docs", "sources.md");

const groups: readonly (readonly [title: string, note: string, isIn: (mapping: Mapping) => boolean])[] = [
  ["Linux", "Executed commands.", (mapping) => mapping.unwrap === undefined && mapping.platform !== "k8s_audit"],
  [
    "Kubernetes",
    "Requests to an API server ([kubernetes.md](kubernetes.md)).",
    (mapping) => mapping.unwrap === undefined && mapping.platform === "k8s_audit",
  ],
  [
    "Envelopes",
    "Shapes that carry documents of the sources above; what is inside is recognised from the start.",
    (mapping) => mapping.unwrap !== undefined,
  ],
];

/** The page as it should be. */
export function sourcesPage(): string {
  const mappings = loadMappings(resolve(root, "mappings"));
  const parts = groups.map(([title, note, isIn]) => {
    const own = mappings.filter(isIn);
    return `## ${title}\n\n${note}\n\n${overview(own)}\n${own.map(details).join("\n")}`;
  });
  return `# Sources

What Tagsmith reads, made of the files in \`mappings/\` by \`npm run docs:sources\`: ${mappings.length} mappings. Of those that recognise a
document, the one with the highest precedence reads it; [mappings.md](mappings.md) explains every term, and how to add a source of your own.
\`tagsmith mappings coverage --input FILE\` shows what of this your documents are.

${parts.join("\n")}`;
}

/** The page as it is. */
export function writtenPage(): string {
  return readFileSync(file, "utf8");
}

function overview(mappings: readonly Mapping[]): string {
  const rows = mappings.map((mapping) => {
    const { name, title, versions = "", text } = mapping;
    const cells = [`[\`${name}\`](#${name})`, cell(title), cell(versions)];
    if (text !== undefined) cells.push(isLabelled(mapping) ? cell(sessionNames(mapping)) : "skipped");
    return `| ${cells.join(" | ")} |`;
  });
  const isEnvelopes = mappings.every(({ unwrap }) => unwrap !== undefined);
  const head = isEnvelopes
    ? "| mapping | reads | versions |\n|---|---|---|"
    : "| mapping | reads | versions | session key |\n|---|---|---|---|";
  return `${head}\n${rows.join("\n")}\n`;
}

/** A mapping without time and session skips whatever it takes. */
function isLabelled({ time, session }: Mapping): boolean {
  return time !== undefined || session !== undefined;
}

const maxSessions = 6;

function sessionNames({ session = [] }: Mapping): string {
  const names = [...new Set(session.map(sessionName))];
  return names.length > maxSessions ? `${names.slice(0, maxSessions).join(", ")}, …` : names.join(", ");
}

function details(mapping: Mapping): string {
  const { name, title, description, recognise, unwrap, reader, pitfalls = [], facts = {} } = mapping;
  const lines: [string, string][] = [
    ["recognised by", code(describeCondition(recognise))],
    ["precedence", String(mapping.precedence)],
    ["made for", list(mapping.containers ?? [])],
    ["opens", unwrap === undefined ? "" : opened(unwrap)],
    ["decoded by", reader === undefined ? "" : `\`${reader.name}\` from ${reader.render ?? list(reader.fields ?? [])}`],
    ["text", list((mapping.text ?? []).map(candidate))],
    ["time", list((mapping.time ?? []).map(({ field, format }) => `${field} (${format})`))],
    ["session", list((mapping.session ?? []).map(({ fields }) => fields.map(candidate).join(" + ")))],
    ...(["host", "user", "executable", "parent"] as const).map((role): [string, string] => [
      role,
      list((mapping[role] ?? []).map(candidate)),
    ]),
    ["event id", list((mapping.id ?? []).map((fields) => fields.map(candidate).join(" + ")))],
    ["facts", list(Object.keys(facts))],
    ["skipped", reasons(mapping.skip)],
    ["rejected", reasons(mapping.reject)],
  ];
  const told = lines.filter(([, value]) => value !== "").map(([label, value]) => `- ${label}: ${value}\n`);
  const handled = pitfalls.map((pitfall) => `- ${text(pitfall)}\n`).join("");
  const traps = handled === "" ? "" : `\nPitfalls handled:\n\n${handled}`;
  return `### ${name}\n\n${text(title)}.${description === undefined ? "" : ` ${text(description)}`}\n\n${told.join("")}${traps}`;
}

function opened(unwrap: NonNullable<Mapping["unwrap"]>): string {
  if (unwrap.convert !== undefined) return `the converter \`${unwrap.convert}\``;
  if (unwrap.json !== undefined) return `JSON text in ${list(unwrap.json)}`;
  return unwrap.items === undefined
    ? `the object ${list([unwrap.object ?? []].flat())}`
    : `the list ${code(unwrap.items)}`;
}

function reasons(rules: Mapping["skip"]): string {
  return [...new Set((rules ?? []).map((rule) => code(rule.code)))].join(", ");
}

function sessionName({ name, fields }: NonNullable<Mapping["session"]>[number]): string {
  return name ?? fields.map(nameOf).join("+");
}

function candidate(spec: ValueSpec | TextSpec): string {
  if (typeof spec === "string") return spec;
  if ("render" in spec && spec.render !== undefined) return `rendered by ${spec.render}`;
  const start = spec.prepend === undefined ? "" : `${spec.prepend}, then `;
  return start + (spec.join === undefined ? nameOf(spec) : `join ${nameOf(spec)}`);
}

function list(items: readonly string[]): string {
  return [...new Set(items)].map(code).join(", ");
}

/** A run of backquotes longer than any inside. */
function code(value: string): string {
  return value.includes("`") ? `\`\` ${value} \`\`` : `\`${value}\``;
}

function cell(value: string): string {
  return text(value).replaceAll("|", "\\|");
}

function text(value: string): string {
  return value.trim().replaceAll(/\s+/g, " ").replaceAll("<", "&lt;");
}

if (import.meta.main) writeFileSync(file, sourcesPage());
