import { join } from "node:path";
import { loadVocabulary } from "../../src/event/vocabulary.ts";
import { loadArtifact } from "../../src/label/load-artifact.ts";
import { createOnnxEncoder } from "../../src/label/onnx-encoder.ts";

/** A program that ends while its encoder starts, or while it works, so many milliseconds later as it is told. */
const root = join(import.meta.dirname, "../..");
const artifact = await loadArtifact(
  join(root, "models/tagsmith-small"),
  loadVocabulary(join(root, "schema/tags.json")),
);
const starting = createOnnxEncoder({ artifact, topK: 5 });
if (process.argv[2] === "working") {
  const encoder = await starting;
  const texts = Array.from({ length: 2_000 }, (_, index) => `cat /etc/${index} && ls -la /srv/${index}`);
  void encoder.encode(texts, new AbortController().signal);
}
setTimeout(() => process.exit(7), Number(process.argv[3]));
