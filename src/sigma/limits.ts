/** Bounds that keep hostile files from costing time or memory; far above what rules need. */
export const limits = {
  /** Characters of a file. */
  textChars: 8_388_608,
  /** Characters of a file that needs the slower, full YAML reader. */
  fullYamlChars: 2_097_152,
  /** Maps and lists within each other. */
  depth: 64,
  /** Values of a file, aliases counted each time they are used. */
  nodes: 1_000_000,
  /** Characters of a condition. */
  conditionChars: 65_536,
  /** Parentheses and `not` within each other. */
  conditionDepth: 100,
  /** Selections that the `of` parts of a condition stand for, together. */
  conditionSelections: 100_000,
  /** Values of a rule, expansions counted. */
  values: 100_000,
  /** Dashes that `windash` varies in one value: five forms each. */
  windashes: 3,
  /** Characters of a regular expression. */
  regexChars: 8_192,
  /** Steps a regular expression compiles to, repeats written out: some 50 ms. */
  regexSteps: 50_000,
  /** Steps of all regular expressions of a file. */
  fileRegexSteps: 2_000_000,
  /** Correlations of correlations. */
  correlationDepth: 16,
} as const;
