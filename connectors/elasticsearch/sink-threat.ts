import type { Technique, TechniquesByTag } from "#sdk";

/** ECS `threat` of some tags as a JSON property with a comma after it; empty where no tag is a technique. */
export function threatProperty(tags: readonly string[], techniques: TechniquesByTag): string {
  const found = new Map(tags.flatMap((tag) => techniques.get(tag) ?? []).map((known) => [known.id, known]));
  if (found.size === 0) return "";
  return `"threat":${JSON.stringify(threatFields([...found.values()]))},`;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

function threatFields(techniques: readonly Technique[]) {
  const subtechniques = techniques.filter(({ id }) => id.includes("."));
  return {
    framework: "MITRE ATT&CK",
    tactic: columns(techniques.flatMap(({ tactics }) => tactics)),
    technique: {
      ...columns(techniques.map(({ id, name }) => ({ id: id.slice(0, 5), name: name.split(": ")[0] ?? name }))),
      ...(subtechniques.length > 0 && {
        subtechnique: columns(subtechniques.map(({ id, name }) => ({ id, name: name.split(": ")[1] ?? name }))),
      }),
    },
  };
}

/** ECS keeps lists as one array a field. */
function columns(named: readonly Named[]): { readonly id: string[]; readonly name: string[] } {
  const distinct = [...new Map(named.map((one) => [one.id, one])).values()];
  return { id: distinct.map(({ id }) => id), name: distinct.map(({ name }) => name) };
}
