/** Any document of a Sigma file. */
export type SigmaDocument = Rule | Correlation | Filter;

export interface Rule {
  readonly kind: "rule";
  readonly metadata: Metadata;
  readonly logsource: Logsource;
  /** Named selections in the order written. */
  readonly detections: Detections;
  /** One tree a condition; the rule matches when any of them does. */
  readonly conditions: readonly Condition[];
}

/** A filter narrows the rules it names: `(rule condition) and (filter condition)`. */
export interface Filter {
  readonly kind: "filter";
  readonly metadata: Metadata;
  readonly logsource: Logsource;
  /** Ids or names of rules; `any` is every rule whose logsource fits. */
  readonly rules: "any" | readonly string[];
  readonly detections: Detections;
  readonly condition: Condition;
}

export interface Correlation {
  readonly kind: "correlation";
  readonly metadata: Metadata;
  /** Ids or names of rules or of other correlations; for an expression without `rules`, the names it uses. */
  readonly rules: readonly string[];
  readonly measure: Measure;
  readonly test: CorrelationTest;
  /** Events count together when these fields (or aliases) are equal. */
  readonly groupBy: readonly string[];
  readonly timespan: Timespan;
  /** Alias to field, by the rule reference it holds for. */
  readonly aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The referenced rules give alerts of their own too. */
  readonly generate: boolean;
}

/** What a correlation counts in its window. */
export type Measure =
  | { readonly type: "event_count" }
  | { readonly type: "value_count"; readonly fields: readonly string[] }
  | { readonly type: "value_sum" | "value_avg" | "value_median"; readonly field: string }
  /** `percentile` is 0 to 100. */
  | { readonly type: "value_percentile"; readonly field: string; readonly percentile: number }
  /** For bounds, the number of different rules seen. */
  | { readonly type: "temporal" | "temporal_ordered" };

/** When a correlation fires: its measure holds all bounds, or the rules seen in the window satisfy the expression. */
export type CorrelationTest =
  | { readonly kind: "bounds"; readonly bounds: readonly Bound[] }
  | { readonly kind: "expression"; readonly expression: RuleExpression };

export interface Bound {
  readonly op: CompareOp | "eq" | "neq";
  readonly value: number;
}

/** Boolean expression over rule references. */
export type RuleExpression =
  | { readonly kind: "rule"; readonly rule: string }
  | { readonly kind: "and" | "or"; readonly operands: readonly RuleExpression[] }
  | { readonly kind: "not"; readonly operand: RuleExpression };

export interface Timespan {
  readonly count: number;
  /** In `seconds` a month is 2,629,746 (a twelfth of a Gregorian year) and a year 31,556,952. */
  readonly unit: "s" | "m" | "h" | "d" | "w" | "M" | "y";
  readonly seconds: number;
}

export interface Logsource {
  readonly category?: string;
  readonly product?: string;
  readonly service?: string;
  readonly definition?: string;
  readonly custom?: Readonly<Record<string, unknown>>;
}

export interface Metadata {
  readonly title: string;
  readonly id?: string;
  readonly name?: string;
  readonly taxonomy: string;
  readonly status?: Status;
  readonly level?: Level;
  readonly description?: string;
  readonly license?: string;
  readonly author?: string;
  /** `YYYY-MM-DD` */
  readonly date?: string;
  readonly modified?: string;
  readonly references: readonly string[];
  readonly tags: readonly string[];
  readonly fields: readonly string[];
  readonly falsepositives: readonly string[];
  readonly scope: readonly string[];
  readonly related: readonly Related[];
  /** Keys the specification does not name, as written. */
  readonly custom: Readonly<Record<string, unknown>>;
}

export type Status = "stable" | "test" | "experimental" | "deprecated" | "unsupported";
export type Level = "informational" | "low" | "medium" | "high" | "critical";

export interface Related {
  readonly id: string;
  readonly type: "derived" | "obsolete" | "merged" | "renamed" | "similar" | "correlation";
}

/** Selections by name. */
export type Detections = ReadonlyMap<string, Detection>;

/** A selection: items or selections, all of which or any of which must match. */
export interface Detection {
  readonly kind: "detection";
  readonly linking: Linking;
  readonly members: readonly (Detection | Item)[];
}

export type Linking = "all" | "any";

export type Item = FieldItem | KeywordItem;

/** A field compared with values. */
export interface FieldItem extends ItemBase {
  readonly kind: "field";
  readonly field: string;
}

/** Values looked for in the whole event. */
export interface KeywordItem extends ItemBase {
  readonly kind: "keyword";
}

interface ItemBase {
  /** Modifiers as written, left to right. `values` already has them applied. */
  readonly modifiers: readonly string[];
  /** Never empty; `linking` says whether all or any must match. */
  readonly values: readonly Value[];
  readonly linking: Linking;
  /** From `neq`: the item holds when the linked values do not match, hence also when the field is missing. */
  readonly negated: boolean;
  /** Values as the rule wrote them, before modifiers. */
  readonly written: readonly Scalar[];
  /** Ids of the pipeline items that changed this one. */
  readonly applied?: readonly string[];
}

export type Scalar = string | number | boolean | null;

export type Value =
  | StringValue
  | NumberValue
  | BooleanValue
  | NullValue
  | RegexValue
  | CidrValue
  | CompareValue
  | ExistsValue
  | FieldRefValue
  | TimePartValue
  | QueryValue
  | ExpansionValue;

/** Compared with the whole field value, case-insensitively unless `cased`. */
export interface StringValue {
  readonly kind: "string";
  /** Unescaped. Neighbouring texts are one, none is empty; no parts is the empty string. */
  readonly parts: readonly StringPart[];
  readonly cased: boolean;
}

/** A string is literal text; `any` is `*` (0 or more characters), `one` is `?` (exactly 1). */
export type StringPart = string | Wildcard | Placeholder;

export type Wildcard = { readonly kind: "any" } | { readonly kind: "one" };

/** `%name%` under `expand`, to be filled by a pipeline; what is left unfilled cannot be matched or converted. */
export interface Placeholder {
  readonly kind: "placeholder";
  readonly name: string;
}

export interface NumberValue {
  readonly kind: "number";
  readonly value: number;
}

export interface BooleanValue {
  readonly kind: "boolean";
  readonly value: boolean;
}

/** The field is missing or null. */
export interface NullValue {
  readonly kind: "null";
}

/** Searched for anywhere in the value, case-sensitive without `i`. */
export interface RegexValue {
  readonly kind: "regex";
  /** As written; strings are pattern text. More than one part only where `expand` placeholders are unfilled. */
  readonly parts: readonly (string | Placeholder)[];
  /** i: ignore case, m: `^` and `$` at lines, s: `.` takes newlines. */
  readonly flags: ReadonlySet<RegexFlag>;
}

export type RegexFlag = "i" | "m" | "s";

/** IPv4 or IPv6 network, host bits zero. */
export interface CidrValue {
  readonly kind: "cidr";
  /** `10.0.0.0/8`, as written. */
  readonly network: string;
  /** Network address: 4 or 16 bytes. */
  readonly address: readonly number[];
  /** Length of the network part in bits. */
  readonly prefix: number;
}

export interface CompareValue {
  readonly kind: "compare";
  readonly op: CompareOp;
  readonly value: number;
}

export type CompareOp = "lt" | "lte" | "gt" | "gte";

/** Presence only: a null or empty field is present. */
export interface ExistsValue {
  readonly kind: "exists";
  readonly exists: boolean;
}

/** Compared with another field of the same event. */
export interface FieldRefValue {
  readonly kind: "fieldref";
  readonly field: string;
  readonly match: "equals" | "contains" | "startswith" | "endswith";
  readonly cased: boolean;
}

/** A part of a time field compared with a number: `hour|gte: 22`. UTC; `day` is the day of the month, weeks are ISO weeks. */
export interface TimePartValue {
  readonly kind: "timepart";
  readonly part: TimePart;
  readonly op: CompareOp | "eq";
  readonly value: number;
}

export type TimePart = "minute" | "hour" | "day" | "week" | "month" | "year";

/** Text of a target's query language, put there by a pipeline; `{field}` and `{id}` are filled by the backend. */
export interface QueryValue {
  readonly kind: "query";
  readonly query: string;
  readonly id: string;
}

/** One written value that stands for several (windash, base64offset): any of them matches, also under `all`. */
export interface ExpansionValue {
  readonly kind: "expansion";
  readonly values: readonly Value[];
}

export type Condition =
  | { readonly kind: "and" | "or"; readonly operands: readonly Condition[] }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "selection"; readonly name: string }
  /** `1 of x*`, `all of them`. `pattern` is `them` or a name with `*`. */
  | { readonly kind: "of"; readonly linking: Linking; readonly pattern: string };
