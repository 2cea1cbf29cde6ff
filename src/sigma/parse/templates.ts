import { at, type Report, refuse, shown } from "../problem.ts";
import { isMap, type YamlMap, type YamlValue } from "./yaml-value.ts";

/** The `action` of older multi-document files: `global` completes the rules after it, `repeat` changes the last one. */
export interface Templates {
  /** The rule a document stands for; undefined when it is none itself. */
  complete(document: YamlMap, report: Report): YamlMap | undefined;
}

/** Templates of one file. */
export function createTemplates(): Templates {
  let global: YamlMap = new Map();
  let previous: YamlMap = new Map();
  return {
    complete: (document, report) => {
      const action = document.get("action");
      switch (action) {
        case undefined:
        case null:
          if (document.has("correlation") || document.has("filter")) return document;
          previous = mergeMaps(document, global);
          return previous;
        case "global":
          global = withoutAction(document);
          previous = global;
          return undefined;
        case "reset":
          global = new Map();
          return undefined;
        case "repeat":
          previous = mergeMaps(previous, withoutAction(document));
          return previous;
        default: {
          const hint = "Write global, reset or repeat, or leave action out.";
          const message = `There is no action ${shown(action)}.`;
          return refuse(report, at(undefined, "action"), "action_unknown", message, hint);
        }
      }
    },
  };
}

function withoutAction(document: YamlMap): YamlMap {
  const copy = new Map(document);
  copy.delete("action");
  return copy;
}

/** Values of `changes` replace those of `base`, maps within maps are merged. Nothing is changed in place. */
function mergeMaps(base: YamlMap, changes: YamlMap): YamlMap {
  if (changes.size === 0) return base;
  const merged = new Map<string, YamlValue>(base);
  for (const [key, value] of changes) {
    const old = merged.get(key);
    merged.set(key, isMap(value) ? mergeMaps(isMap(old) ? old : new Map(), value) : value);
  }
  return merged;
}
