/** Selections with what SigmaHQ's rules do not use, by name. */
export const rareSelections: Readonly<Record<string, string>> = {
  exists: "selection:\n    user.name|exists: true\n    user.id|exists: false",
  compare: "selection:\n    bytes|gt: 5\n    bytes|lte: 100\n    port|gte: 1\n    port|lt: 2",
  cased:
    "selection:\n    F|cased: Abc\n    G|contains|cased: Abc\n    H|startswith|cased: Abc\n    I|endswith|cased: aBC",
  neq: "selection:\n    F|neq: abc\n    G|neq:\n      - a\n      - b*",
  nulls: "selection:\n    F: null\n    G: ''\n  filter:\n    H: null\n  condition: selection and not filter",
  "null in a list": "selection:\n    F:\n      - null\n      - a",
  networks: "selection:\n    F|cidr:\n      - 10.0.0.0/8\n      - 2001:db8::/32\n      - ::/0\n      - fe80::/10",
  "networks denied":
    "selection:\n    F: 1\n  filter:\n    G|cidr: 192.168.0.0/16\n  condition: selection and not filter",
  windash:
    "selection:\n    F|windash|contains: ' -x '\n  filter:\n    F|windash|contains: ' -y '\n  condition: selection and not filter",
  "windash of all": "selection:\n    F|windash|contains|all:\n      - ' -x '\n      - ' -y '",
  base64offset: "selection:\n    F|base64offset|contains: secret",
  regexes: "selection:\n    F|re: ^a/b\\\\c\"d'e$\n    G|re|i: x+\n    H|re|i|m|s: y.z",
  "fields with blanks":
    "selection:\n    my field: a b\n    other-field: c*d\n    1st: x\n    -minus: y\n    star*field: z",
  escapes:
    "selection:\n    F: 'a\\*b\\?c\\\\d'\n    G: '+-=&|!(){}[]<>^\"~:/ '\n    H|contains: '100%_\\\\'\n    I: \"tab\\tnew\\nline\"",
  "wildcards everywhere":
    "selection:\n    F: '*'\n    G: '?'\n    H: 'a*b?c'\n    I: '*a*b*'\n    J: '**'\n    K: '*a?'",
  numbers: "selection:\n    F: 5\n    G:\n      - 1\n      - 2\n    H:\n      - 1\n      - x",
  booleans: "selection:\n    F: true\n    G: false",
  addresses: "selection:\n    F: 10.0.0.1\n    G: ::1\n    H:\n      - 10.0.0.1\n      - 10.0.0.2",
  "parts of times":
    "selection:\n    F|hour: 12\n    G|month: 1\n    H|week: 1\n    I|minute: 0\n    J|day: 1\n    K|year: 2026",
  keywords: "selection:\n    - foo bar\n    - 'a*b'\n    - 5\n  other:\n    F: 1\n  condition: selection and not other",
  "all keywords": "selection:\n    '|all':\n      - foo\n      - bar",
  "maps in a list": "selection:\n    - F: a\n      G: b\n    - F: c\n    - F:\n        - d\n        - e",
  "deep conditions":
    "a:\n    F: 1\n  b:\n    F: 2\n  c:\n    F: 3\n  d:\n    F: null\n  condition: not (a or b and not (c or d)) or not not a and not d",
  "a field compared with another": "selection:\n    F|fieldref: G\n    H|fieldref|startswith: I",
  quantifiers:
    "s_1:\n    F: 1\n  s_2:\n    F: 2\n  f_1:\n    G: x\n  condition: 1 of s_* and not all of f_* or all of them",
};

/** A rule around selections; without a condition of their own, the condition is `selection`. */
export function rareRule(name: string, selections: string): string {
  const condition = selections.includes("condition:") ? "" : "\n  condition: selection";
  return `title: ${name}\nstatus: test\nlevel: high\nlogsource:\n  category: process_creation\n  product: linux\ndetection:\n  ${selections}${condition}\n`;
}
