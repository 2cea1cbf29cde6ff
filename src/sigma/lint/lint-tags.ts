import type { Metadata } from "../ast.ts";
import type { LintFinding } from "./lint-document.ts";
import { found, info, repeated, warning } from "./notes.ts";

const checks = {
  repeated: info("tag_repeated", "Keep one."),
  shape: warning("tag_invalid", "Write lower-case letters, digits, dots, dashes and underscores: attack.t1059.004."),
  namespace: info("tag_unknown_namespace", "Known are attack, car, cve, d3fend, detection, stp, tlp."),
  form: warning("tag_malformed", "Write it as docs/sigma.md shows for its namespace."),
  both: info("tag_technique_redundant", "The sub-technique says it; leave the technique out."),
};

/** What the part behind the namespace looks like; ATT&CK tactics and software have names of their own. */
const forms: ReadonlyMap<string, RegExp> = new Map([
  ["attack", /^(?:t\d{4}(?:\.\d{3})?|[gs]\d{4}|ds?\d{4}|ta\d{4}|[a-z][a-z_-]*)$/],
  ["car", /^\d{4}-\d{2}-\d{3}$/],
  ["cve", /^\d{4}-\d{4,}$/],
  ["d3fend", /^(?:d3-[a-z0-9]+|[a-z][a-z0-9_-]*)$/],
  ["detection", /^(?:dfir|emerging-threats|threat-hunting)$/],
  ["stp", /^[1-5](?:[auk])?$/],
  ["tlp", /^(?:red|amber|amber-strict|green|white|clear)$/],
]);

/** Tags: their namespaces and forms, and what is said twice. */
export function lintTags({ tags }: Metadata): LintFinding[] {
  const twice = repeated(tags, (tag) => tag.toLowerCase());
  const own = (technique: string): boolean => tags.some((tag) => tag.startsWith(`${technique}.`));
  return [
    ...twice.flatMap((index) => found(true, checks.repeated, `${tags[index]} stands here twice.`, ["tags", index])),
    ...tags.flatMap((tag, index) => {
      const redundant = /^attack\.t\d{4}$/.test(tag) && own(tag);
      const message = `${tag} stands beside its sub-technique.`;
      return [...lintTag(tag, index), ...found(redundant, checks.both, message, ["tags", index])];
    }),
  ];
}

function lintTag(tag: string, index: number): LintFinding[] {
  const path = ["tags", index];
  if (!/^[a-z0-9_-]+\.[a-z0-9._-]+$/.test(tag))
    return found(true, checks.shape, `${JSON.stringify(tag)} is no tag.`, path);
  const dot = tag.indexOf(".");
  const namespace = tag.slice(0, dot);
  const form = forms.get(namespace);
  if (form === undefined) return found(true, checks.namespace, `The namespace ${namespace} is not known.`, path);
  return found(!form.test(tag.slice(dot + 1)), checks.form, `${tag} does not look like a tag of ${namespace}.`, path);
}
