import type { Technique } from "../../event/attack.ts";

/** Techniques by id, `T1059.004`. */
export type Techniques = ReadonlyMap<string, Technique>;

interface Named {
  readonly id: string;
  readonly name: string;
  readonly reference: string;
}

/**
 * The `threat` of a detection rule: the techniques that the tags of a Sigma rule name (`attack.t1059.004`), under each tactic they
 * serve. Techniques without a known name are left out, for Elastic Security wants names.
 */
export function threatOf(tags: readonly string[], techniques: Techniques): readonly object[] {
  const named = tags.flatMap((tag) => techniques.get(tag.replace(/^attack\./, "").toUpperCase()) ?? []);
  const byTactic = new Map<string, { readonly tactic: Named; readonly techniques: Technique[] }>();
  for (const technique of named) {
    for (const { id, name } of technique.tactics) {
      const entry = byTactic.get(id) ?? { tactic: link("tactics", id, name), techniques: [] };
      entry.techniques.push(technique);
      byTactic.set(id, entry);
    }
  }
  return [...byTactic.values()].map((entry) => ({
    framework: "MITRE ATT&CK",
    tactic: entry.tactic,
    technique: entry.techniques.flatMap((technique) => writeTechnique(technique, techniques)),
  }));
}

/** A sub-technique stands under its technique. */
function writeTechnique({ id, name }: Technique, techniques: Techniques): object[] {
  const [parent = id, child] = id.split(".");
  if (child === undefined) return [{ ...link("techniques", id, name), subtechnique: [] }];
  const known = techniques.get(parent);
  if (known === undefined) return [];
  return [{ ...link("techniques", parent, known.name), subtechnique: [link("techniques", id, name)] }];
}

function link(kind: "tactics" | "techniques", id: string, name: string): Named {
  return { id, name, reference: `https://attack.mitre.org/${kind}/${id.replace(".", "/")}/` };
}
