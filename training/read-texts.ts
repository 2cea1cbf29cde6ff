// Reads a JSON array of texts from standard input and writes what the models read of each: `views` as a JSON array of
// texts; `features` as two uint16 counts and the uint32 hashes of words and character runs, little-endian. Training
// learns from what the product computes: there is one definition of both.
import { createFeatureBuffer, readFeatures } from "../src/label/command-features.ts";
import { plainView } from "../src/label/plain-view.ts";
import { prepareText } from "../src/label/prepare-text.ts";

const maxChars = 1024;
const [mode] = process.argv.slice(2);
const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const texts: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
if (!Array.isArray(texts)) throw new Error("expected a JSON array of texts");
const views = texts.map((text) => plainView(prepareText(String(text), maxChars)));
process.stdout.write(mode === "views" ? JSON.stringify(views) : features(views));

function features(views: readonly string[]): Buffer {
  const buffer = createFeatureBuffer();
  const parts: Buffer[] = [];
  for (const view of views) {
    readFeatures(view, buffer);
    const head = Buffer.alloc(4);
    head.writeUInt16LE(buffer.wordCount, 0);
    head.writeUInt16LE(buffer.gramCount, 2);
    const words = buffer.words.slice(0, buffer.wordCount);
    const grams = buffer.grams.slice(0, buffer.gramCount);
    parts.push(head, Buffer.from(words.buffer), Buffer.from(grams.buffer));
  }
  return Buffer.concat(parts);
}
