import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPipeline, parse, parsePipeline } from "../../src/sigma/index.ts";
import { normalRule } from "./normal-form.ts";
import { activeRules, missingPeers, ruleFiles, runPython, unpack } from "./peers.ts";

const missing = missingPeers();

/** Pipelines that use every transformation and condition that pySigma's YAML format has and needs nothing from outside. */
const pipelines: Readonly<Record<string, string>> = {
  fields: `
transformations:
  - {id: map, type: field_name_mapping, mapping: {CommandLine: process.command_line, Image: [process.executable, process.path], ParentImage: parent}}
  - {type: field_name_prefix_mapping, mapping: {Target: [t., u.], Dest: d.}}
  - type: field_name_suffix
    suffix: .keyword
    field_name_conditions: [{type: include_fields, fields: ['^process\\.', '.*Name$'], mode: re}]
  - type: field_name_prefix
    prefix: win.
    field_name_conditions: [{type: exclude_fields, fields: [EventID, parent]}]
    detection_item_conditions: [{type: processing_item_applied, processing_item_id: map}]
    detection_item_cond_not: true
  - {type: add_field, field: [extra, more]}
  - {type: remove_field, field: more}
`,
  values: `
transformations:
  - {type: replace_string, regex: '\\\\([a-z]+)', replacement: '/\\1', field_name_conditions: [{type: include_fields, fields: [CommandLine]}]}
  - {type: replace_string, regex: 'e', replacement: '<\\g<0>*>', skip_special: true, interpret_special: true, field_name_conditions: [{type: include_fields, fields: [Image]}]}
  - {type: map_string, mapping: {'Domain Admins': [a, 'b*'], '*\\whoami.exe': who}}
  - {type: case, method: upper, detection_item_conditions: [{type: match_string, cond: any, pattern: '.*[xz]'}]}
  - {type: case, method: snake_case, field_name_conditions: [{type: include_fields, fields: [EventType, Provider_Name]}]}
  - {type: convert_type, target_type: str, field_name_conditions: [{type: include_fields, fields: [EventID]}]}
  - {type: set_value, value: 7, field_name_conditions: [{type: include_fields, fields: [LogonType]}]}
  - {type: set_value, value: '7', force_type: num, detection_item_conditions: [{type: match_value, cond: all, value: 4688}]}
`,
  regexes: `
transformations:
  - {type: regex, method: ignore_case_flag, detection_item_conditions: [{type: contains_wildcard, cond: any}], field_name_conditions: [{type: exclude_fields, fields: [CommandLine]}]}
  - {type: regex, method: plain, field_name_conditions: [{type: include_fields, fields: [CommandLine]}]}
`,
  hashes: `
transformations:
  - {type: hashes_fields, valid_hash_algos: [MD5, SHA1, SHA256, SHA512, IMPHASH], field_prefix: File}
  - {type: extract_fields, regex: '(?P<kind>DWORD) \\((?P<number>0x[0-9a-f]+)\\)', field_prefix: reg, field_name_conditions: [{type: include_fields, fields: [Details]}]}
`,
  rules: `
transformations:
  - id: linux
    type: set_state
    key: index
    val: logs-linux
    rule_conditions: [{type: logsource, product: linux}]
  - {id: add, type: add_condition, name: added, conditions: {index: [a, 'b*'], 'x|endswith': $product, y: 5}, template: true, rule_conditions: [{type: processing_state, key: index, val: logs-linux}]}
  - {type: add_condition, name: not_added, conditions: {z: null}, negated: true, rule_conditions: [{type: rule_attribute, attribute: level, value: high, op: gte}]}
  - {type: change_logsource, category: c, service: s, rule_conditions: {a: {type: contains_field, field: Image}, b: {type: tag, tag: attack.t1059.001}}, rule_cond_expr: a and not b}
  - {type: set_custom_attribute, attribute: k, value: {a: 1}, rule_conditions: [{type: rule_attribute, attribute: date, value: '2022-01-01', op: lt}, {type: is_sigma_rule}]}
  - {type: set_custom_attribute, attribute: j, value: x, rule_conditions: [{type: contains_detection_item, field: EventID, value: 4688}, {type: processing_item_applied, processing_item_id: linux}], rule_cond_op: or}
  - {type: set_field, fields: [q], rule_conditions: [{type: rule_attribute, attribute: status, value: test}], rule_cond_not: true}
`,
  nest: `
vars: {Workstations: ['ws*', 7]}
transformations:
  - type: nest
    rule_conditions: [{type: logsource, category: process_creation}]
    items:
      - {id: in, type: field_name_mapping, mapping: {Image: exe}}
      - {type: wildcard_placeholders, exclude: [Workstations]}
  - {type: value_placeholders, include: [Workstations]}
  - {type: query_expression_placeholders, include: [tier_0], expression: 'lookup({field},{id})', mapping: {tier_0: t0}}
  - {type: wildcard_placeholders}
  - {type: rule_failure, message: refused, rule_conditions: [{type: contains_field, field: ScriptBlockText}]}
`,
  drop: `
transformations:
  - {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [EventID, OriginalFileName, Channel]}]}
  - {type: detection_item_failure, message: refused, detection_item_conditions: [{type: is_null, cond: any}]}
`,
  strict: `
transformations:
  - {type: field_name_mapping, mapping: {Image: exe, CommandLine: cmd, ParentImage: pexe, OriginalFileName: name, TargetFilename: file}}
  - {type: strict_field_mapping_failure}
`,
};

/**
 * Where we differ from pySigma on purpose: it leaves values alone that a modifier expanded, and takes an item with a
 * field reference for changed by a mapping that does not name its fields.
 */
function differsKnowingly(pipeline: string, rule: string): boolean {
  return pipeline === "fields" ? rule.includes("|fieldref") : /\|(?:windash|base64offset)/.test(rule);
}

describe.skipIf(missing !== undefined)(
  `rules as pySigma's pipelines change them${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let unpacked: ReturnType<typeof unpack> | undefined;
    let folder = "";
    let files: string[] = [];
    const theirs = new Map<string, unknown>();

    beforeAll(() => {
      unpacked = unpack("rules");
      folder = mkdtempSync(join(tmpdir(), "sigma-pipelines-"));
      const names = Object.entries(pipelines).map(([name, text]) => {
        writeFileSync(join(folder, `${name}.yaml`), text);
        return join(folder, `${name}.yaml`);
      });
      const all = ruleFiles(unpacked.folder, activeRules);
      files = all.filter((file, index) => index % 12 === 0 || file.includes("placeholder"));
      const output = runPython("dump_ast.py", ["pysigma==2.0.1"], ["--pipelines", ...names, "--", ...files]);
      for (const line of output.trim().split("\n")) {
        const { pipeline, file, rules } = JSON.parse(line);
        theirs.set(`${pipeline} ${file}`, rules);
      }
    }, 600_000);

    afterAll(() => {
      unpacked?.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(Object.keys(pipelines))("transforms alike: %s", (name) => {
      const parsed = parsePipeline(pipelines[name] ?? "");
      if (parsed.kind === "refused") throw new Error(JSON.stringify(parsed.problems));
      const pipeline = createPipeline([parsed.spec]);
      let refused = 0;
      for (const file of files) {
        const text = readFileSync(file, "utf8");
        if (differsKnowingly(name, text)) continue;
        const [read] = parse(text).documents;
        if (read?.document.kind !== "rule") throw new Error(file);
        const transformed = pipeline.transform(read.document);
        const [their] = JSON.parse(JSON.stringify(theirs.get(`${join(folder, `${name}.yaml`)} ${file}`)));
        // Selections that lose all items go with us, and stay there empty.
        if (JSON.stringify(their).includes('"members":[]')) continue;
        if (transformed.kind === "refused") refused += 1;
        const ours = transformed.kind === "transformed" ? transformed.subject : undefined;
        if (ours?.kind !== "rule")
          expect([file, transformed, Object.keys(their)]).toMatchObject([file, {}, ["refused", "message"]]);
        else expect(JSON.parse(JSON.stringify(normalRule(ours))), file).toEqual(their);
      }
      expect(refused).toBeLessThan(files.length);
    });
  },
);
