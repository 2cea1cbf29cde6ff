import { loadVocabulary } from "../event/vocabulary.ts";
import { exitCodes } from "./exit-code.ts";
import { bundled } from "./paths.ts";
import { formatTable, type Terminal } from "./terminal.ts";

/** `tagsmith tags [PATTERN]`: the vocabulary, by id, group or a word of the definition. */
export function tagsCommand(pattern: string | undefined, json: boolean, terminal: Terminal): number {
  const vocabulary = loadVocabulary(bundled.vocabulary());
  const needle = (pattern ?? "").toLowerCase();
  const found = vocabulary.tags.filter((tag) =>
    [tag.id, tag.group, tag.definition].some((text) => text.toLowerCase().includes(needle)),
  );
  if (found.length === 0) terminal.err.write(`No tag has ${JSON.stringify(needle)} in its id, group or definition.\n`);
  if (json) terminal.out.write(`${JSON.stringify(found)}\n`);
  else if (found.length > 0) terminal.out.write(formatTable(found.map((tag) => [tag.id, tag.group, tag.definition])));
  return exitCodes.ok;
}
