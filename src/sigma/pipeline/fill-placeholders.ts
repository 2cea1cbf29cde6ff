import type { Placeholder, RegexValue, Scalar, StringPart, StringValue, Value } from "../ast.ts";
import { joinRegexParts, regexFault } from "../parse/modify-regex.ts";
import { anyChars, joinParts } from "../parse/string-pattern.ts";
import { createBudget } from "../problem.ts";
import { mapStrings, mapValues } from "./map-values.ts";
import { type LookupRequest, type PipelineRun, TransformationFault } from "./pipeline-run.ts";
import type { SimpleItem } from "./pipeline-schema.ts";
import { readLookup } from "./read-lookup.ts";
import type { Setting, Transformation } from "./transformation.ts";
import { string } from "./value-transformations.ts";

type ItemOf<Type extends SimpleItem["type"]> = SimpleItem & { readonly type: Type };

/** What a placeholder may stand for: parts of a string. */
type Filling = (name: string, run: PipelineRun) => readonly (readonly StringPart[])[];

interface Choice {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/** Forms of one value after its placeholders were filled; more is refused. */
const maxForms = 200;

/** `wildcard_placeholders`: anything may stand there. */
export function fillWithWildcards(item: ItemOf<"wildcard_placeholders">, setting: Setting): Transformation {
  return fill(item, () => [[anyChars]], setting);
}

/** `value_placeholders`: the values of the pipeline's `vars`. */
export function fillWithVars(item: ItemOf<"value_placeholders">, setting: Setting): Transformation {
  return fill(
    item,
    (name, run) => {
      const values: Scalar | readonly Scalar[] | undefined = run.vars[name];
      if (values === undefined) throw new TransformationFault(`The pipeline has no variable ${JSON.stringify(name)}.`);
      return [values].flat().map((value) => string(String(value)).parts);
    },
    setting,
  );
}

/** `file_`, `http_` and `command_placeholders`: values from outside, where whoever runs the pipeline allows it. */
export function fillFromOutside(
  item: ItemOf<"file_placeholders" | "http_placeholders" | "command_placeholders">,
  setting: Setting,
): Transformation {
  const request = requestOf(item);
  return fill(item, (_name, run) => readLookup(run.lookup(request), item).map((text) => string(text).parts), setting);
}

function requestOf(item: ItemOf<"file_placeholders" | "http_placeholders" | "command_placeholders">): LookupRequest {
  switch (item.type) {
    case "file_placeholders":
      return { kind: "file", path: item.path };
    case "command_placeholders":
      return { kind: "command", command: item.cmd };
    case "http_placeholders": {
      const { url, method, timeout, headers, params, form_data, json_body, max_body_size } = item;
      return { kind: "http", url, options: { method, timeout, headers, params, form_data, json_body, max_body_size } };
    }
  }
}

/** `query_expression_placeholders`: a value that is a placeholder alone becomes text of the target's language. */
export function fillWithQuery(item: ItemOf<"query_expression_placeholders">, setting: Setting): Transformation {
  const handles = chosen(item);
  return mapStrings((value) => {
    const placeholder = value.parts.find((part) => typeof part === "object" && part.kind === "placeholder");
    if (typeof placeholder !== "object" || placeholder.kind !== "placeholder") return undefined;
    if (value.parts.length > 1)
      throw new TransformationFault(
        `The placeholder ${placeholder.name} must stand alone to become a query expression.`,
      );
    if (!handles(placeholder.name)) return undefined;
    const id = item.mapping[placeholder.name];
    if (id === undefined && !/^[\w.-]+$/.test(placeholder.name))
      throw new TransformationFault(`The placeholder ${JSON.stringify(placeholder.name)} needs a mapping.`);
    return { kind: "query", query: item.expression, id: id ?? placeholder.name };
  }, setting);
}

function chosen({ include, exclude }: Choice): (name: string) => boolean {
  if (include !== undefined && exclude !== undefined)
    throw new TransformationFault("include and exclude rule each other out.");
  return (name) => (include?.includes(name) ?? true) && !(exclude?.includes(name) ?? false);
}

function fill(choice: Choice, filling: Filling, setting: Setting): Transformation {
  const handles = chosen(choice);
  return mapValues((value, run) => {
    switch (value.kind) {
      case "string":
        return fillString(value, (name) => (handles(name) ? filling(name, run) : undefined));
      case "regex":
        return fillRegex(value, (name) => (handles(name) ? filling(name, run) : undefined));
      default:
        return undefined;
    }
  }, setting);
}

type Fillings = (name: string) => readonly (readonly StringPart[])[] | undefined;

function fillString(value: StringValue, fillings: Fillings): Value[] | undefined {
  const forms = combine(value.parts, fillings);
  return forms?.map((parts) => ({ ...value, parts: joinParts(parts) }));
}

/** In a regular expression a wildcard is `.*`, and values are patterns themselves. */
function fillRegex(value: RegexValue, fillings: Fillings): Value[] | undefined {
  return combine(value.parts, fillings)?.map((parts) => {
    const texts = parts.map((part) => {
      if (typeof part === "string" || part.kind === "placeholder") return part;
      return part.kind === "any" ? ".*" : ".";
    });
    const filled: RegexValue = { ...value, parts: joinRegexParts(texts) };
    const fault = regexFault(filled, createBudget());
    if (fault !== undefined) throw new TransformationFault(`The filled regular expression cannot be used: ${fault}.`);
    return filled;
  });
}

/** Every combination of fillings, the first placeholder varying slowest; undefined when none is filled. */
function combine(parts: readonly StringPart[], fillings: Fillings): StringPart[][] | undefined {
  let forms: StringPart[][] = [[]];
  let filled = false;
  for (const part of parts) {
    const choices = isPlaceholder(part) ? fillings(part.name) : undefined;
    if (choices !== undefined) filled = true;
    const next = choices ?? [[part]];
    if (forms.length * next.length > maxForms)
      throw new TransformationFault(`Placeholders give one value more than ${maxForms} forms.`);
    forms = forms.flatMap((form) => next.map((choice) => [...form, ...choice]));
  }
  return filled ? forms : undefined;
}

function isPlaceholder(part: StringPart): part is Placeholder {
  return typeof part === "object" && part.kind === "placeholder";
}
