import type { Metadata } from "../ast.ts";
import type { LintFinding } from "./lint-document.ts";
import { found, info, repeated, warning } from "./notes.ts";

const checks = {
  idMissing: warning("id_missing", "Write a random UUID; alerts and related rules refer to it."),
  statusMissing: info("status_missing", "Write status: experimental, test or stable."),
  levelMissing: warning("level_missing", "Write level: low, medium, high or critical."),
  descriptionMissing: info("description_missing", "Say in a sentence what the rule finds and why it matters."),
  descriptionShort: info("description_short", "Say in a sentence what the rule finds and why it matters."),
  descriptionLink: info("description_link", "Put links into references."),
  authorMissing: info("author_missing", "Write who answers questions about the rule."),
  dateMissing: info("date_missing", "Write the day the rule was made."),
  modifiedEarly: warning("modified_before_date", "modified is the day of the last change."),
  modifiedAlone: info("modified_without_date", "Write date for a new rule, modified once it is changed."),
  modifiedSame: info("modified_equals_date", "Leave modified out until the rule is changed."),
  titleEnd: info("title_full_stop", "Leave the full stop out."),
  titleLong: info("title_long", "Keep the title short, and move the rest to the description."),
  titleStart: info("title_starts_with_detects", "Name what is found, e.g. Shell Spawned by Web Server."),
  referenceTwice: info("reference_repeated", "Keep one."),
  referenceBranch: info("reference_branch_link", "Link to a commit: a branch changes."),
  referenceAttack: info("reference_attack_link", "Write a tag, e.g. attack.t1053.003."),
  positiveWord: info("falsepositive_says_nothing", "Leave it out, or say what legitimate use looks like."),
  positiveCapital: info("falsepositive_small_letter", "Start with a capital letter."),
  customSimilar: warning("custom_key_misspelt", "Correct the key; unknown keys are kept but mean nothing."),
};

/** Titles, dates, references and the rest of what a document says of itself. */
export function lintMetadata(metadata: Metadata): LintFinding[] {
  return [
    ...lintPresence(metadata),
    ...lintTitle(metadata.title),
    ...lintDescription(metadata.description),
    ...lintDates(metadata),
    ...lintReferences(metadata.references),
    ...lintFalsePositives(metadata.falsepositives),
    ...lintCustom(metadata.custom),
  ];
}

function lintPresence({ id, status, level, author }: Metadata): LintFinding[] {
  return [
    ...found(id === undefined, checks.idMissing, "There is no id.", []),
    ...found(status === undefined, checks.statusMissing, "There is no status.", []),
    ...found(level === undefined, checks.levelMissing, "There is no level.", []),
    ...found(author === undefined, checks.authorMissing, "There is no author.", []),
  ];
}

function lintTitle(title: string): LintFinding[] {
  const path = ["title"];
  return [
    ...found(title.endsWith("."), checks.titleEnd, "The title ends in a full stop.", path),
    ...found(title.length > 120, checks.titleLong, `The title has ${title.length} characters.`, path),
    ...found(/^detects\b/i.test(title), checks.titleStart, "The title starts with Detects.", path),
  ];
}

function lintDescription(description: string | undefined): LintFinding[] {
  const path = ["description"];
  if (description === undefined) return found(true, checks.descriptionMissing, "There is no description.", []);
  return [
    ...found(description.length < 16, checks.descriptionShort, "The description is very short.", path),
    ...found(/https?:\/\//.test(description), checks.descriptionLink, "The description holds a link.", path),
  ];
}

function lintDates({ date, modified }: Metadata): LintFinding[] {
  if (modified === undefined) return found(date === undefined, checks.dateMissing, "There is no date.", []);
  const path = ["modified"];
  if (date === undefined) return found(true, checks.modifiedAlone, "There is modified, but no date.", path);
  return [
    ...found(modified < date, checks.modifiedEarly, `modified ${modified} is before date ${date}.`, path),
    ...found(modified === date, checks.modifiedSame, "modified is the same day as date.", path),
  ];
}

function lintReferences(references: readonly string[]): LintFinding[] {
  const twice = repeated(references, (reference) => reference);
  return [
    ...twice.flatMap((index) =>
      found(true, checks.referenceTwice, "The reference stands here twice.", ["references", index]),
    ),
    ...references.flatMap((reference, index) => {
      const path = ["references", index];
      const branch = /^https:\/\/github\.com\/[^/]+\/[^/]+\/blob\/(?:main|master|develop)\//.test(reference);
      const attack = /^https?:\/\/attack\.mitre\.org\/(?:techniques|software|groups|tactics)\//.test(reference);
      return [
        ...found(branch, checks.referenceBranch, "The reference points into a branch.", path),
        ...found(attack, checks.referenceAttack, "The reference is an ATT&CK page.", path),
      ];
    }),
  ];
}

function lintFalsePositives(entries: readonly string[]): LintFinding[] {
  return entries.flatMap((entry, index) => {
    const path = ["falsepositives", index];
    const word = /^(?:none|pentest|penetration test(?:ing)?)\b/i.test(entry);
    return [
      ...found(word, checks.positiveWord, `${JSON.stringify(entry)} says nothing.`, path),
      ...found(/^[a-z]/.test(entry), checks.positiveCapital, `${JSON.stringify(entry)} starts small.`, path),
    ];
  });
}

/** Keys that are often meant for another. */
const misspelt: ReadonlyMap<string, string> = new Map([
  ["false_positives", "falsepositives"],
  ["falsepositive", "falsepositives"],
  ["reference", "references"],
  ["tag", "tags"],
  ["severity", "level"],
  ["log_source", "logsource"],
  ["detections", "detection"],
  ["created", "date"],
  ["updated", "modified"],
]);

function lintCustom(custom: Metadata["custom"]): LintFinding[] {
  return Object.keys(custom).flatMap((key) => {
    const meant = misspelt.get(key.toLowerCase());
    return found(meant !== undefined, checks.customSimilar, `${key} is not a key of Sigma, ${meant} is.`, [key]);
  });
}
