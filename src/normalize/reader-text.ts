import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Document } from "../sdk/document.ts";
import { compilePath } from "./compile-path.ts";
import type { Mapping } from "./mapping-schema.ts";
import type { Renderer } from "./renderer.ts";

type ReaderSpec = NonNullable<Mapping["reader"]>;

/** Compiles where a reader's text comes from; the text is undefined where the document is not the mapping's after all. */
export function compileReaderText(
  spec: ReaderSpec,
  renderers: ReadonlyMap<string, Renderer>,
): (document: Document) => string | undefined {
  if (spec.render !== undefined) {
    const render = renderers.get(spec.render);
    if (render === undefined)
      throw new TagsmithError("mapping_invalid", `There is no renderer "${spec.render}".`, "exit");
    return (document) => render(document, document);
  }
  const fields = (spec.fields ?? []).map(compilePath);
  return (document) => {
    for (const field of fields) {
      const text = readerText(field(document));
      if (text !== undefined) return text;
    }
    return undefined;
  };
}

/** A string with something in it, or a list of lines as one text. */
export function readerText(value: unknown): string | undefined {
  const text = Array.isArray(value) && value.every((line) => typeof line === "string") ? value.join("\n") : value;
  return typeof text === "string" && text !== "" ? text : undefined;
}
