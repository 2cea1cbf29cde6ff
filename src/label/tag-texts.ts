import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Vocabulary } from "../event/vocabulary.ts";

const tagTextSchema = z.object({ label_id: z.string(), axis: z.string(), text: z.string() });

/** One row of the score matrix: a tag, its group, and the text it was encoded from. */
export type TagText = z.infer<typeof tagTextSchema>;

/**
 * Parses `semantic_texts.jsonl`: one tag a line, in the order of the score matrix. The tags must be exactly those of
 * the vocabulary, each in its group; the order is the artifact's own. `file` is for the message.
 *
 * Throws `artifact_tag_texts_invalid` or `artifact_vocabulary_mismatch`.
 */
export function parseTagTexts(content: string, file: string, vocabulary: Vocabulary): readonly TagText[] {
  const lines = content.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const tags = lines.map((line, index) => parseTagText(line, `${file}:${index + 1}`));
  checkAgainst(tags, vocabulary, file);
  return tags;
}

function parseTagText(line: string, place: string): TagText {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new TagsmithError("artifact_tag_texts_invalid", `${place}: not JSON`, "exit", cause);
  }
  const parsed = tagTextSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TagsmithError("artifact_tag_texts_invalid", `${place}: ${z.prettifyError(parsed.error)}`, "exit");
}

function checkAgainst(tags: readonly TagText[], vocabulary: Vocabulary, file: string): void {
  const groups = new Map(vocabulary.tags.map((tag) => [tag.id, tag.group]));
  for (const [index, tag] of tags.entries()) {
    const group = groups.get(tag.label_id);
    if (group === undefined) fail(`${file}:${index + 1}: ${tag.label_id} is no tag of ours, or stands here twice`);
    if (group !== tag.axis) fail(`${file}:${index + 1}: ${tag.label_id} is of group ${group}, not ${tag.axis}`);
    groups.delete(tag.label_id);
  }
  const [absent] = groups.keys();
  if (absent !== undefined) fail(`${file}: ${groups.size} tags are absent, ${absent} the first`);
}

function fail(message: string): never {
  throw new TagsmithError("artifact_vocabulary_mismatch", message, "exit");
}
