import { TagsmithError } from "../event/tagsmith-error.ts";

/** Exit codes of every command; docs/errors.md lists them. */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  input: 3,
  output: 4,
  artifact: 5,
  state: 6,
  siem: 7,
  queue: 8,
  interrupted: 130,
} as const;

/** The first that matches counts: what was stored comes before the families whose names it shares. */
const families: readonly (readonly [RegExp, number])[] = [
  [/^(state|normalizer_state|session_state|detect_state|auditd_pending|file_cursor|siem_cursor)_/, exitCodes.state],
  [/^(config|option|keystore|mapping|redaction|detect)_/, exitCodes.usage],
  [/^(file|source|gzip|input|gold|predictions|sessions|sigma)_/, exitCodes.input],
  [/^(output|sink|install|uninstall)_/, exitCodes.output],
  [/^(artifact|vocabulary|encoder|tokenizer|session_model)_/, exitCodes.artifact],
  [/^siem_/, exitCodes.siem],
  [/^(queue|worker|cluster)_/, exitCodes.queue],
];

/** The exit code an error ends the process with. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof TagsmithError)) return exitCodes.unexpected;
  return families.find(([pattern]) => pattern.test(error.code))?.[1] ?? exitCodes.unexpected;
}
