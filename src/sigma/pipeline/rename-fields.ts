import type { Correlation, Detection, FieldItem, Item, Measure, StringValue, Value } from "../ast.ts";
import { anyChars } from "../parse/string-pattern.ts";
import { mapItems } from "./map-items.ts";
import { type PipelineRun, type Subject, TransformationFault, trackField } from "./pipeline-run.ts";
import type { Setting, Transformation } from "./transformation.ts";

/** New names of a field; undefined leaves it as it is. The empty name stands for keywords. */
export type Renaming = (name: string) => readonly string[] | undefined;

/**
 * Renames fields wherever a rule or correlation names them. Where one becomes several, an item matches if any of them
 * does (for `neq`, if all of them do). Keywords given a field are looked for anywhere in it.
 */
export function renameFields(renaming: Renaming, setting: Setting): Transformation {
  return (subject, run) => {
    const listed = (name: string): readonly string[] => renameListed(name, renaming, setting, run);
    const metadata = { ...subject.metadata, fields: subject.metadata.fields.flatMap(listed) };
    if (subject.kind === "correlation") return renameCorrelation({ ...subject, metadata }, listed);
    return mapItems({ ...subject, metadata }, setting.id, (item) =>
      setting.guard.item(item, run) ? renameItem(item, renaming, setting, run) : "keep",
    );
  };
}

function renameListed(name: string, renaming: Renaming, { id, guard }: Setting, run: PipelineRun): readonly string[] {
  const targets = renaming(name);
  if (targets === undefined || !guard.field(name, run)) return [name];
  if (targets.length !== 1 || targets[0] !== name) {
    const applied = new Set(run.renamed.get(name)).add(id);
    run.renamed.delete(name);
    for (const target of targets) run.renamed.set(target, new Set(applied));
  }
  return targets;
}

function renameItem(item: Item, renaming: Renaming, { guard }: Setting, run: PipelineRun): Item | Detection | "keep" {
  const values = item.values.flatMap((value): readonly Value[] => {
    const targets = value.kind === "fieldref" && guard.field(value.field, run) ? renaming(value.field) : undefined;
    return value.kind === "fieldref" && targets ? targets.map((field) => ({ ...value, field })) : [value];
  });
  const referred = values.length !== item.values.length || values.some((value, index) => value !== item.values[index]);
  const field = item.kind === "field" ? item.field : "";
  const targets = guard.field(field === "" ? undefined : field, run) ? renaming(field) : undefined;
  const changed = referred ? { ...item, values } : item;
  if (targets === undefined) return referred ? changed : "keep";
  if (item.kind === "field" || targets.length > 0) trackField(run.fields, field, targets);
  return withFields(changed, targets);
}

function withFields(item: Item, targets: readonly string[]): Item | Detection {
  const { kind: _kind, ...base } = item;
  const values = item.kind === "keyword" ? item.values.map(anywhere) : item.values;
  const items = targets.map((field): FieldItem => ({ ...base, values, ...{ kind: "field", field } }));
  const [only] = items;
  if (only === undefined) throw new TransformationFault("A field is renamed to nothing.");
  return items.length === 1 ? only : { kind: "detection", linking: item.negated ? "all" : "any", members: items };
}

function anywhere(value: Value): Value {
  if (value.kind === "expansion") return { ...value, values: value.values.map(anywhere) };
  if (value.kind !== "string") return value;
  const front = value.parts[0] === anyChars ? [] : [anyChars];
  const parts: StringValue["parts"] = [...front, ...value.parts];
  return { ...value, parts: parts.at(-1) === anyChars ? parts : [...parts, anyChars] };
}

function renameCorrelation(correlation: Correlation, listed: (name: string) => readonly string[]): Subject {
  const one = (name: string): string => {
    const [first, ...others] = listed(name);
    if (first !== undefined && others.length === 0) return first;
    throw new TransformationFault(`The field ${name} of a correlation cannot become several.`);
  };
  const aliases = new Map(
    [...correlation.aliases].map(([alias, fields]) => [
      alias,
      new Map([...fields].map(([rule, field]) => [rule, one(field)])),
    ]),
  );
  const groupBy = correlation.groupBy.flatMap((name) => (aliases.has(name) ? [name] : listed(name)));
  return { ...correlation, aliases, groupBy, measure: renameMeasure(correlation.measure, one) };
}

function renameMeasure(measure: Measure, one: (name: string) => string): Measure {
  if ("fields" in measure) return { ...measure, fields: measure.fields.map(one) };
  return "field" in measure ? { ...measure, field: one(measure.field) } : measure;
}
