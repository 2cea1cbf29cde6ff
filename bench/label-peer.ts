// Distinct command lines a second, each tier beside sentence-transformers on the same texts: `node bench/label-peer.ts`.
// The texts are those of training/eval, which no stage was trained on: it is unsure as often as of new commands.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tiers } from "../src/label/onnx-encoder.ts";
import { benchTier } from "./labels.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "training/eval");
const peerTexts = 1_024;

function loadTexts(): readonly string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  const lines = files.flatMap((name) => readFileSync(join(folder, name), "utf8").trim().split("\n"));
  return [...new Set(lines.map((line): string => JSON.parse(line).raw))];
}

function runPeer(texts: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), "tagsmith-bench-"));
  try {
    const file = join(folder, "texts.json");
    writeFileSync(file, JSON.stringify(texts));
    const { PEER_PYTHON: python } = process.env;
    const script = join(root, "bench/peers/sentence-transformers.py");
    const [program, args] = python === undefined ? ["uv", ["run", script, file]] : [python, [script, file]];
    const out = execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const { texts_per_second: rate } = JSON.parse(out.trim().split("\n").at(-1) ?? "{}");
    return Number(rate);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const texts = loadTexts();
const rows: object[] = [];
const peer = runPeer(texts.slice(0, peerTexts));
for (const tier of tiers) {
  const { textsPerSecond, meanTokens, unsure } = await benchTier(texts, tier);
  rows.push({
    bench: "label_beside_peer",
    tier,
    texts: texts.length,
    textsPerSecond,
    unsure,
    meanTokens,
    ratio: textsPerSecond / peer,
  });
}
rows.push({
  bench: "label_beside_peer",
  tier: "sentence-transformers",
  texts: peerTexts,
  textsPerSecond: peer,
  ratio: 1,
});
console.table(rows);
for (const row of rows) console.log(JSON.stringify(row));
