import { describe, expect, it } from "vitest";
import { type LintFinding, lintDocument, parse } from "../../src/sigma/index.ts";
import { only, ruleText } from "./sigma-samples.ts";

/** A rule nothing is said about. */
const clean = `title: Shell Spawned by Web Server
id: 7f8a2c1e-0000-4000-8000-000000000001
status: test
level: high
description: Detects a shell started by the process of a web server.
author: user@example.com
date: 2024-01-09
modified: 2024-02-01
references:
    - https://example.com/report
tags:
    - attack.t1059.004
    - cve.2024-12345
falsepositives:
    - Health checks
logsource:
    category: process_creation
    product: linux
detection:
    selection:
        Image|endswith: '/sh'
    condition: selection
`;

function codes(text: string): string[] {
  return lintDocument(only(text)).map(({ code }) => code);
}

/** What is found besides what a bare rule lacks. */
function itemCodes(line: string, condition = "selection"): string[] {
  const text = ruleText(`  selection:\n    ${line}\n  condition: ${condition}\n`);
  return codes(text).filter((code) => !code.endsWith("_missing"));
}

describe("the linter", () => {
  it("finds nothing in a good rule", () => {
    expect(lintDocument(only(clean))).toEqual([]);
  });

  it.each([
    ["title: Shell Spawned by Web Server", "title: Detects a shell.", ["title_full_stop", "title_starts_with_detects"]],
    ["date: 2024-01-09", "date: 2024-03-09", ["modified_before_date"]],
    ["modified: 2024-02-01", "modified: 2024-01-09", ["modified_equals_date"]],
    ["date: 2024-01-09\n", "", ["modified_without_date"]],
    ["description: Detects", "description: https://example.com Detects", ["description_link"]],
    [
      "description: Detects a shell started by the process of a web server.",
      "description: A shell.",
      ["description_short"],
    ],
    ["https://example.com/report", "https://attack.mitre.org/techniques/T1059", ["reference_attack_link"]],
    ["https://example.com/report", "https://github.com/example/x/blob/master/a", ["reference_branch_link"]],
    ["- Health checks", "- none", ["falsepositive_says_nothing", "falsepositive_small_letter"]],
    ["attack.t1059.004", "attack.T1059.004", ["tag_invalid"]],
    ["attack.t1059.004", "attack.1059", ["tag_malformed"]],
    ["attack.t1059.004", "attack.t1059.004\n    - attack.t1059", ["tag_technique_redundant"]],
    ["cve.2024-12345", "vendor.thing", ["tag_unknown_namespace"]],
    ["cve.2024-12345", "attack.t1059.004", ["tag_repeated"]],
    ["level: high", "level: high\nseverity: high", ["custom_key_misspelt"]],
    ["product: linux", "product: Linux", ["logsource_upper_case"]],
    ["product: linux", "product: linux\n    vendor: x", ["logsource_unknown_key"]],
    ["condition: selection", "condition: 1 of sel*", ["condition_of_one"]],
    ["condition: selection", "condition: all of them", ["condition_all_of_them", "condition_of_one"]],
    ["condition: selection", "other: x\n    condition: selection", ["selection_unused"]],
    ["id: 7f8a2c1e-0000-4000-8000-000000000001\n", "", ["id_missing"]],
  ])("finds after %j became %j", (from, to, expected) => {
    expect(codes(clean.replace(from, to))).toEqual(expected);
  });

  it.each([
    ["F: '*a*'", ["wildcards_for_contains"]],
    ["F: 'a*'", ["wildcard_for_startswith"]],
    ["F: '*a'", ["wildcard_for_endswith"]],
    ["F: 'a*b'", []],
    ["F: '*'", ["wildcard_alone"]],
    ["F: 'a**b'", ["wildcard_doubled"]],
    [String.raw`F: 'a\*b'`, ["wildcard_escaped"]],
    ["F: '4624'", ["number_as_text"]],
    ['F: "a\\tb"', ["control_character"]],
    ["F|re: '.*abc.*'", ["regex_anything"]],
    ["F|all: [a, b]", ["all_of_different_values"]],
    ["F|contains|all: a", ["all_with_one_value"]],
    ["F|base64offset: abc", ["base64offset_without_contains"]],
    ["F|base64: abc", ["base64_without_contains"]],
    ["F|wide: abc", ["utf16_without_base64"]],
    ["F|contains|contains: abc", ["modifier_repeated"]],
    ["F: [a, A]", ["value_repeated"]],
    ["F|cased: [a, A]", []],
    ["F|windash: abc", ["windash_without_dash"]],
    ["F|windash: ' -a'", []],
    ["F: '%users%'", ["placeholder_without_expand"]],
    ["' F': a", ["field_with_space"]],
  ])("says of %s", (line, expected) => {
    expect(itemCodes(line)).toEqual(expected);
  });

  it("knows which events of Sysmon have a category", () => {
    const sysmon = (item: string): string[] =>
      codes(
        `title: T\nlogsource: {product: windows, service: sysmon}\ndetection: {s: {${item}}, condition: s}\n`,
      ).filter((code) => !code.endsWith("_missing"));
    expect(sysmon("EventID: 1")).toEqual(["logsource_too_specific"]);
    expect(sysmon("EventID: 255")).toEqual([]);
    expect(sysmon("Image: x")).toEqual(["logsource_sysmon_without_event_id"]);
  });

  it.each([
    ["type: temporal, rules: [a], group-by: [h], timespan: 1m", ["correlation_one_rule"]],
    [
      "type: event_count, rules: [a, a], group-by: [h], timespan: 1m, condition: {gte: 5}",
      ["correlation_rule_repeated"],
    ],
    ["type: event_count, rules: [a], timespan: 1m, condition: {gte: 5}", ["correlation_ungrouped"]],
    [
      "type: event_count, rules: [a], group-by: [h], timespan: 1m, condition: {gt: 5, lt: 5}",
      ["correlation_never_true"],
    ],
    ["type: event_count, rules: [a], group-by: [h], timespan: 1m, condition: {gte: 1}", ["correlation_always_true"]],
    [
      "type: event_count, rules: [a], group-by: [h], timespan: 1m, condition: {gt: 1}, aliases: {x: {a: f}}",
      ["correlation_alias_unused"],
    ],
  ])("says of the correlation {%s}", (body, expected) => {
    expect(codes(`title: T\ncorrelation: {${body}}\n`).filter((code) => !code.endsWith("_missing"))).toEqual(expected);
  });

  it("gives every finding a path that is in the document", () => {
    const { documents } = parse(clean.replace("condition: selection", "other: x\n    condition: all of them"));
    const findings: LintFinding[] = documents.flatMap(({ document }) => lintDocument(document));
    expect(findings.map(({ path }) => path)).toEqual([["detection", "condition"]]);
  });
});
