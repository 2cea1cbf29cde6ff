// Draws docs/frontier.svg, recall against speed by tier: `node bench/label-peer.ts > runs.txt && node bench/plot-frontier.ts runs.txt`.
// Speeds come from the JSON lines of that run, recall from the bundled model's card.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { tiers } from "../src/label/onnx-encoder.ts";

const root = join(import.meta.dirname, "..");
const runSchema = z.looseObject({ tier: z.string(), textsPerSecond: z.number() });
const width = 720;
const height = 400;
const frame = { left: 70, right: 30, top: 50, bottom: 60 };
const speeds = [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000];
const recalls = [0.955, 0.96, 0.965, 0.97, 0.975, 0.98];

const lines = readFileSync(process.argv[2] ?? "", "utf8").split("\n");
const runs = lines.filter((line) => line.startsWith("{")).map((line) => runSchema.parse(JSON.parse(line)));
const card = readFileSync(join(root, "models/tagsmith-small/MODEL_CARD.md"), "utf8");

const speedOf = (name: string): number => runs.find((run) => run.tier === name)?.textsPerSecond ?? Number.NaN;
const recallOf = (tier: string): number =>
  Number(new RegExp(`\\| linux_gold \\+ commands_tagged, ${tier} \\| \\d+ \\| ([\\d.]+) \\|`).exec(card)?.[1]);

function x(speed: number): number {
  const share = Math.log(speed / 50) / Math.log(50_000 / 50);
  return frame.left + share * (width - frame.left - frame.right);
}

function y(recall: number): number {
  return height - frame.bottom - ((recall - 0.955) / 0.025) * (height - frame.top - frame.bottom);
}

const text = (at: number, down: number, words: string, anchor = "middle"): string =>
  `<text x="${at.toFixed(0)}" y="${down.toFixed(0)}" text-anchor="${anchor}">${words}</text>`;
const line = (x1: number, y1: number, x2: number, y2: number, extra = 'stroke="#ddd"'): string =>
  `<line x1="${x1.toFixed(0)}" y1="${y1.toFixed(0)}" x2="${x2.toFixed(0)}" y2="${y2.toFixed(0)}" ${extra}/>`;

const bottom = height - frame.bottom;
const peer = speedOf("sentence-transformers");
const marks = [
  ...speeds.flatMap((speed) => [
    line(x(speed), frame.top, x(speed), bottom),
    text(x(speed), bottom + 18, speed.toLocaleString("en")),
  ]),
  ...recalls.flatMap((recall) => [
    line(frame.left, y(recall), width - frame.right, y(recall)),
    text(frame.left - 8, y(recall) + 4, recall.toFixed(3), "end"),
  ]),
  line(x(peer), frame.top, x(peer), bottom, 'stroke="#b33" stroke-dasharray="4 4"'),
  text(x(peer), frame.top - 8, "sentence-transformers, MiniLM-L6"),
  ...tiers.flatMap((tier) => [
    `<circle cx="${x(speedOf(tier)).toFixed(0)}" cy="${y(recallOf(tier)).toFixed(0)}" r="6" fill="#1864ab"/>`,
    text(x(speedOf(tier)), y(recallOf(tier)) - 12, tier),
  ]),
  text(width / 2, height - 14, "distinct command lines a second, two cores"),
  text(frame.left, 18, "micro recall@5, five folds by session (linux_gold + commands_tagged)", "start"),
];
const body = [`<rect width="${width}" height="${height}" fill="#fff"/>`, ...marks].join("\n");
writeFileSync(
  join(root, "docs/frontier.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">\n<title>Recall against speed by tier</title>\n${body}\n</svg>\n`,
);
