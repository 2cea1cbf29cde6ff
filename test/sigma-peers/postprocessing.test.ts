import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPipeline, parse, parsePipeline } from "../../src/sigma/index.ts";
import { missingPeers, runPython } from "./peers.ts";

const missing = missingPeers();

const rule = `
title: A rule's title
id: 7f8a2c1e-0000-4000-8000-000000000001
description: It has <marks> & "quotes"
author: user@example.com
date: 2024-01-09
references: [https://example.com/a, https://example.com/b]
falsepositives: []
fields: [F, G]
logsource: {category: process_creation, product: linux}
detection: {s: {F: a}, condition: s}
team: {name: blue, sizes: [1, 2]}
`;

const post = (template: string): string =>
  `postprocessing: [{type: template, template: ${JSON.stringify(template)}}]\n`;

const pipelines = [
  "postprocessing: [{type: embed, prefix: '<', suffix: '>'}]\nfinalizers: [{type: concat, separator: '; ', prefix: '(', suffix: ')'}]\n",
  'postprocessing: [{type: json, json_template: \'{"q": "%QUERY%", "l": ["%QUERY%", 1.5, null, true]}\'}]\nfinalizers: [{type: json, indent: 2}]\n',
  "finalizers: [{type: json}]\n",
  "postprocessing: [{type: replace, pattern: '([a-z])=', replacement: '\\1: \\g<1>'}]\nfinalizers: [{type: concat}]\n",
  "transformations: [{type: set_state, key: index, val: logs}]\npostprocessing: [{type: simple_template, template: '{query} {rule.title} {pipeline.state[index]} {{}} {rule.references[1]}'}]\n",
  "transformations: [{type: set_state, key: index, val: logs}]\npostprocessing: [{type: template, template: '{{ pipeline.state.index }}/{{ pipeline.state[\"index\"] }}/{{ pipeline.state.none }}.'}]\n",
  "postprocessing: [{type: nest, items: [{type: embed, prefix: a}, {type: embed, suffix: b}]}]\n",
  "postprocessing: [{type: embed, prefix: a, rule_conditions: [{type: logsource, product: windows}]}, {type: embed, prefix: b, rule_conditions: [{type: logsource, product: linux}]}]\n",
  "finalizers: [{type: template, template: '{% for q in queries %}{{ loop.index }}. {{ q }}{% if not loop.last %}|{% endif %}{% endfor %}'}]\n",
  "finalizers: [{type: nested, finalizers: [{type: concat, separator: ' or '}, {type: template, template: '[{{ queries }}]'}]}]\n",
  ...[
    "{{ query }} {{ rule.title|upper }} {{ rule.title | title }} {{ rule.title.lower() }}\n",
    "{{ rule.references | join(', ') }} {{ rule.references|length }} {{ rule.references[0] }} {{ rule.references|first }} {{ rule.references|last }}",
    "{% for r in rule.references -%}\n  {{ loop.index0 }}={{ r }}\n{%- endfor %}",
    "{% for r in rule.falsepositives %}{{ r }}{% else %}none{% endfor %}",
    "{% if rule.description and 'marks' in rule.description %}yes{% elif rule.title %}no{% else %}x{% endif %}",
    "{% set n = rule.fields|length * 2 + 1 %}{{ n }} {{ n % 3 }} {{ 7 / 2 }} {{ n > 4 }} {{ none }} {{ [1, 'a', true] }}",
    "{{ rule.description | e }} {{ rule.description|replace('<', '[') }} {{ query|tojson }} {{ rule.references|tojson(indent=2) }}",
    "{{ rule.nothing|default('d') }} {{ rule.nothing is defined }} {{ rule.title is defined }} {{ rule.title is string }} {{ rule.license is none }}",
    "{{ rule.custom_attributes.team.name }} {{ rule.custom_attributes['team']['sizes'][1] }} {{ rule.custom_attributes.team.get('x', 'y') }}",
    "{{ 'a' ~ 1 ~ query }} {{ 'x' if rule.author else 'y' }} {{ 'x' if rule.license }} {{ (1 + 2) * 3 }} {{ not rule.license }}",
    "{{ ', '.join(rule.fields) }} {{ rule.title.split(' ')[1] }} {{ rule.title.replace('A', 'The') }} {{ rule.title.startswith('A') }}",
    "{# gone #}{{ rule.logsource.category }} {{ rule.logsource.service }} {{ rule.fields|sort|list }} {{ rule.fields|unique|list }}\n\n",
    "{{ '  x '|trim }} {{ 'a-b'.upper() }} {{ \"it's\" }} {{ 'ab'[1] }} {{ 'a' in rule.fields }} {{ 'F' in rule.fields and 'z' not in query }}",
  ].map(post),
];

describe.skipIf(missing !== undefined)(
  `queries as pySigma processes them${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    it("come out alike, templates included", () => {
      const folder = mkdtempSync(join(tmpdir(), "sigma-post-"));
      const ruleFile = join(folder, "rule.yml");
      writeFileSync(ruleFile, rule);
      const byFile = new Map(pipelines.map((text, index) => [join(folder, `${index}.yaml`), text]));
      for (const [file, text] of byFile) writeFileSync(file, text);
      const lines = runPython("run_postprocessing.py", ["pysigma==2.0.1"], [ruleFile, ...byFile.keys()])
        .trim()
        .split("\n");
      rmSync(folder, { recursive: true, force: true });
      expect(lines).toHaveLength(pipelines.length);
      const [read] = parse(rule).documents;
      if (read?.document.kind !== "rule") throw new Error("no rule");
      for (const line of lines) {
        const { file, output } = JSON.parse(line);
        const text = byFile.get(file) ?? "";
        const parsed = parsePipeline(text);
        if (parsed.kind === "refused") throw new Error(`${text}${JSON.stringify(parsed.problems)}`);
        const pipeline = createPipeline([parsed.spec]);
        const transformed = pipeline.transform(read.document);
        if (transformed.kind === "refused") throw new Error(transformed.reason);
        const queries = ["F=a", "b & <c> 'ü'"].map((query) => pipeline.postprocess(transformed, query));
        expect(pipeline.finalize(queries), text).toEqual(output);
      }
    });
  },
);
