import type { Platform } from "../event/event.ts";

/** What a mapping reads from one document. */
export type Reading = { readonly kind: "fields"; readonly fields: EventFields } | Refusal;

/** Why a document gives no event. */
export interface Refusal {
  readonly kind: "skipped" | "rejected";
  readonly code: string;
  readonly reason: string;
  readonly field?: string;
}

/** The parts of an event its document gives; place, id and session prefix are the normalizer's. */
export interface EventFields {
  readonly platform: Platform;
  readonly text: string;
  readonly timeMs: number | undefined;
  readonly time: string | undefined;
  readonly session: SessionValue | undefined;
  readonly host: string | undefined;
  readonly user: string | undefined;
  readonly parent: string | undefined;
  readonly executable: string | undefined;
  /** What the source calls the event, parts joined by a line feed. */
  readonly id: string | undefined;
  readonly facts: Readonly<Record<string, string>> | undefined;
  readonly incomplete: boolean;
  /** Fields that held something their role cannot use; the event stands without them. */
  readonly wrongTypes: readonly string[];
}

export interface SessionValue {
  readonly from: string;
  /** Escaped parts, joined by `|`. */
  readonly value: string;
  readonly scope: "host" | "platform";
}

/** Parts of a session key, joined so that no two lists of parts give the same key. */
export function joinKey(parts: readonly string[]): string {
  let key = "";
  for (let index = 0; index < parts.length; index += 1)
    key += `${index === 0 ? "" : "|"}${escapeKeyPart(parts[index] ?? "")}`;
  return key;
}

/** `%` and `|` written as `%25` and `%7C`. */
export function escapeKeyPart(part: string): string {
  if (!part.includes("|") && !part.includes("%")) return part;
  return part.replaceAll("%", "%25").replaceAll("|", "%7C");
}

/** The refusal of a document whose text candidates gave none. */
export function refuseText(fields: readonly string[], wrongField: string | undefined): Refusal {
  if (wrongField !== undefined) {
    const reason = `"${wrongField}" does not hold text.`;
    return { kind: "rejected", code: "mapping_wrong_type", reason, field: wrongField };
  }
  const reason = `None of ${fields.join(", ")} holds a text.`;
  const field = fields[0];
  return { kind: "rejected", code: "mapping_text_missing", reason, ...(field === undefined ? {} : { field }) };
}
