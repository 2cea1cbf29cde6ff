// Prints how many seconds we take to parse the files named on standard input, in a fresh process.
import { readFileSync } from "node:fs";
import { parse } from "../../src/sigma/index.ts";

const files = readFileSync(0, "utf8").trim().split("\n");
const texts = files.map((file) => readFileSync(file, "utf8"));
const start = performance.now();
const rules = texts.reduce((count, text) => count + parse(text).documents.length, 0);
process.stdout.write(JSON.stringify({ rules, seconds: (performance.now() - start) / 1_000 }));
