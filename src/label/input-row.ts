/** A row of a file to be labelled or scored, with what a prediction row carries on. */
export interface InputRow {
  /** The row's own id; undefined when it has none. */
  readonly observationId: string | undefined;
  /** The first non-blank text field, trimmed; empty when there is none. */
  readonly text: string;
  /** `behavior_tags`, each once; empty when the row is not tagged. */
  readonly goldTags: readonly string[];
  /** Fields that go into the prediction row as they are: `session_id`, `expected`, `source`, `source_index`. */
  readonly carried: Readonly<Record<string, unknown>>;
}

/** Where the text of a row stands, in order of preference. */
const TEXT_FIELDS = ["cmdline", "command", "k8slog", "raw", "event", "message"] as const;

const CARRIED_FIELDS = ["session_id", "expected", "source", "source_index"] as const;

/** Reads a row. Fields of a wrong type count as absent, so every object gives a row; its text may be empty. */
export function readInputRow(row: Readonly<Record<string, unknown>>): InputRow {
  const { observation_id: id, behavior_tags: tags } = row;
  const carried = CARRIED_FIELDS.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]);
  return {
    observationId: typeof id === "string" && id !== "" ? id : undefined,
    text: rowText(row),
    goldTags: Array.isArray(tags) ? [...new Set(tags.filter((tag) => typeof tag === "string" && tag !== ""))] : [],
    carried: Object.fromEntries(carried),
  };
}

/** The text that L1 reads of a row: the first non-blank of its text fields, trimmed; else empty. */
export function rowText(row: Readonly<Record<string, unknown>>): string {
  for (const name of TEXT_FIELDS) {
    const value = row[name];
    const text = typeof value === "string" ? value.trim() : "";
    if (text !== "") return text;
  }
  return "";
}
