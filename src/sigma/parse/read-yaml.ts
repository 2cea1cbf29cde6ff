import { limits } from "../limits.ts";
import { readFullYaml, type YamlDocument } from "./read-full-yaml.ts";
import { readPlainYaml } from "./read-plain-yaml.ts";

/** Documents of a YAML text, empty ones included so that their numbers are those of the file. Never throws. */
export function readYaml(text: string): YamlDocument[] {
  const plain = readPlainYaml(text);
  if (plain !== undefined) return plain.map((value) => ({ kind: "value", value }));
  if (text.length > limits.fullYamlChars) return [tooLarge(limits.fullYamlChars)];
  try {
    return readFullYaml(text);
  } catch (error) {
    // The YAML package recurses: nesting beyond the stack ends here.
    if (!(error instanceof RangeError)) throw error;
    const hint = "Flatten the document.";
    return [broken("yaml_too_deep", `Maps and lists are nested deeper than ${limits.depth}.`, hint)];
  }
}

function tooLarge(chars: number): YamlDocument {
  return broken("yaml_too_large", `The file has more than ${chars} characters.`, "Split it into several files.");
}

function broken(code: string, message: string, hint: string): YamlDocument {
  return { kind: "broken", faults: [{ code, message, hint, position: 0 }] };
}
