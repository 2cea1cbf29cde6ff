import { once } from "node:events";
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { freshFolder, linesOf, root, runTagsmith, startTagsmith, writeConfig } from "./tagsmith-process.ts";

const bundledModel = join(root, "models", "tagsmith-small");
const missing = join(freshFolder("nothing"), "here");

/** A folder with one good row, and a configuration that reads it. */
function setUp(name: string, extra = "", paths?: readonly string[]): { folder: string; config: string } {
  const folder = freshFolder(name);
  const input = join(folder, "rows.ndjson");
  writeFileSync(input, '{"cmdline":"id"}\n');
  return { folder, config: writeConfig(folder, paths ?? [input], extra) };
}

function replaceIn(config: string, from: string | RegExp, to: string): string {
  writeFileSync(config, readFileSync(config, "utf8").replace(from, to));
  return config;
}

/** Expects one line `tagsmith: CODE: …`, without a stack, and nothing on standard output. */
async function expectError(args: readonly string[], exit: number, code: string, ...words: string[]): Promise<void> {
  const { code: ended, out, err } = await runTagsmith(args);
  expect(err.trimEnd().split("\n"), err).toHaveLength(1);
  expect(err).toMatch(new RegExp(`^tagsmith: ${code}: \\S`));
  for (const word of words) expect(err).toContain(word);
  expect(out).toBe("");
  expect(ended).toBe(exit);
}

describe("a broken set-up ends with one line and its exit code", () => {
  let damagedModel = "";

  beforeAll(() => {
    damagedModel = join(freshFolder("model"), "model");
    cpSync(bundledModel, damagedModel, { recursive: true });
    appendFileSync(join(damagedModel, "semantic_texts.jsonl"), "\n");
  });

  it.concurrent("when the model's folder is missing", async () => {
    const { config } = setUp("no-model", `model: { path: ${JSON.stringify(missing)} }`);
    await expectError(["run", "--config", config], 5, "artifact_missing", missing);
    await expectError(["label", "--model", missing, "id"], 5, "artifact_missing", missing);
  });

  it.concurrent("when a file of the model has another checksum", async () => {
    await expectError(["label", "--model", damagedModel, "id"], 5, "artifact_checksum_mismatch", damagedModel);
  });

  it.concurrent("when a file of the model is missing", async () => {
    const folder = join(freshFolder("model"), "model");
    mkdirSync(folder);
    cpSync(join(bundledModel, "manifest.json"), join(folder, "manifest.json"));
    await expectError(["label", "--model", folder, "id"], 5, "artifact_file_missing", folder);
  });

  it.concurrent("when the configuration has unknown keys, all of them named", async () => {
    const { config } = setUp("keys", "label: { tok_p: 3 }\nsessions: {}");
    await expectError(["run", "--config", config], 2, "config_invalid", config, "tok_p", "sessions");
    replaceIn(config, "label: { tok_p: 3 }\nsessions: {}", "");
    replaceIn(config, "batch_records", "batch_recrods");
    await expectError(["run", "--config", config], 2, "config_invalid", `${config}: source: `, "batch_recrods");
  });

  it.concurrent("when the configuration is no YAML, expands without end, or is not there", async () => {
    const { config } = setUp("yaml");
    writeFileSync(config, "source: [\x1b[31m\nsink: {");
    await expectError(["run", "--config", config], 2, "config_invalid", config);
    const bomb = Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}]`);
    writeFileSync(config, `a0: &a0 [x]\n${bomb.join("\n")}\n`);
    await expectError(["run", "--config", config], 2, "config_invalid", config);
    await expectError(["run", "--config", missing], 2, "config_not_found", missing);
  });

  it.concurrent("when a mapping has a mistake", async () => {
    const { folder, config } = setUp("mapping");
    const mappings = join(folder, "mappings");
    mkdirSync(mappings);
    writeFileSync(join(mappings, "odd.yaml"), "name: odd\nversion: 1\nprecedence: high\n");
    appendFileSync(config, `\nmappings: { path: ${JSON.stringify(mappings)} }\n`);
    await expectError(["run", "--config", config], 2, "mapping_invalid", "odd.yaml", "precedence");
  });

  it.concurrent("when the output cannot be written", async () => {
    const { folder, config } = setUp("output");
    mkdirSync(join(folder, "labels.ndjson"));
    await expectError(["run", "--config", config], 4, "output_unwritable", "labels.ndjson");
    replaceIn(config, join(folder, "labels.ndjson"), "/dev/null");
    rmSync(join(folder, "state.db"), { force: true });
    await expectError(["run", "--config", config], 4, "output_not_a_file", "/dev/null");
    replaceIn(config, "/dev/null", join(config, "labels.ndjson"));
    rmSync(join(folder, "state.db"), { force: true });
    await expectError(["run", "--config", config], 4, "output_unwritable", "labels.ndjson");
    const rows = join(folder, "rows.ndjson");
    await expectError(["label", "--input", rows, "--output", join(missing, "out")], 4, "output_unwritable", missing);
    await expectError(["normalize", "--input", rows, "--output", "/dev/full/x"], 4, "output_unwritable", "/dev/full/x");
  });

  it.concurrent("when the output already has content", async () => {
    const { folder, config } = setUp("exists");
    writeFileSync(join(folder, "labels.ndjson"), "mine\n");
    await expectError(["run", "--config", config], 4, "output_exists", "labels.ndjson");
    expect(readFileSync(join(folder, "labels.ndjson"), "utf8")).toBe("mine\n");
    replaceIn(config, "dead.ndjson }", "dead.ndjson, overwrite: true }");
    expect(await runTagsmith(["run", "--config", config, "--quiet"])).toEqual({ code: 0, out: "", err: "" });
    expect(linesOf(folder, "labels.ndjson")).toHaveLength(1);
  });

  it.concurrent("and leaves no half output behind", async () => {
    const { folder, config } = setUp("half");
    const output = join(folder, "results.ndjson");
    await expectError(["normalize", "--input", missing, "--output", output], 3, "file_not_found", missing);
    const broken = join(folder, "broken.ndjson");
    writeFileSync(broken, "{\n");
    await expectError(
      ["score", "--input", broken, "--predictions", config, "--output", output],
      3,
      "predictions_invalid",
    );
    await expectError(["label", "--input", missing, "--output", output], 3, "file_not_found", missing);
    expect(readdirSync(folder).filter((name) => name.startsWith("results"))).toEqual([]);
  });

  it.concurrent("when the folder of mappings is missing or empty", async () => {
    const { folder, config } = setUp("no-mapping", `mappings: { path: ${JSON.stringify(missing)} }`);
    await expectError(["run", "--config", config], 2, "mapping_not_found", missing);
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const rows = join(folder, "rows.ndjson");
    await expectError(["normalize", "--input", rows, "--mappings", empty], 2, "mapping_not_found", empty);
  });

  it.concurrent("also when nobody reads the message", async () => {
    const child = startTagsmith(["label"]);
    child.stderr?.destroy();
    expect(await once(child, "exit")).toEqual([2, null]);
  });

  it.concurrent("when the input is missing or a folder", async () => {
    const { config } = setUp("input", "", [join(missing, "rows.ndjson")]);
    await expectError(["run", "--config", config], 3, "file_not_found", missing);
    await expectError(["label", "--input", join(missing, "*")], 3, "file_not_found", missing);
    await expectError(["normalize", "--input", root], 3, "file_is_directory", root);
    await expectError(["eval", "--gold", config, "--predictions", missing], 3, "predictions_not_found", missing);
  });

  it.concurrent("when the state is newer, foreign, damaged or of another configuration", async () => {
    const { folder, config } = setUp("state");
    const state = join(folder, "state.db");
    expect((await runTagsmith(["run", "--config", config, "--quiet"])).code).toBe(0);
    writeFileSync(config, `${readFileSync(config, "utf8")}\nlabel: { top_k: 4 }\n`);
    await expectError(["run", "--config", config], 6, "state_of_other_config", state);
    const db = new DatabaseSync(state);
    db.exec("PRAGMA user_version = 999");
    db.close();
    await expectError(["run", "--config", config], 6, "state_version_newer", state, "999");
    rmSync(state);
    const other = new DatabaseSync(state);
    other.exec("CREATE TABLE mine (x)");
    other.close();
    await expectError(["run", "--config", config], 6, "state_foreign", state);
    writeFileSync(state, "no database ".repeat(500));
    await expectError(["run", "--config", config], 6, "state_corrupt", state);
  });

  it.concurrent("when the options make no sense", async () => {
    await expectError(["label"], 2, "option_invalid");
    const unknown = await runTagsmith(["label", "--colour", "id"]);
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain("--colour");
    const none = await runTagsmith(["frobnicate"]);
    expect(none.code).toBe(2);
  });
});
