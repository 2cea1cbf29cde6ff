import type { Document } from "../sdk/document.ts";
import { compileCondition } from "./compile-condition.ts";
import { compileExists } from "./compile-exists.ts";
import type { Condition } from "./mapping-schema.ts";

/** What must be known of a document to say whether a condition holds. */
export interface Unknown {
  readonly path: string;
  /** Anything at all under the path would tell. */
  readonly isExistence: boolean;
}

/** Whether a condition holds for the whole document of which some was kept. */
export type Known = boolean | Unknown;

type Judge = (document: Document) => Known;

/** Compiles a condition for documents cut down to what `covers` says: it holds, does not, or cannot be told. */
export function compileKnown(condition: Condition, covers: (path: string) => boolean): Judge {
  const { field: _, all = [], any, none, ...tests } = condition;
  const compile = (one: Condition): Judge => compileKnown(one, covers);
  const parts = [
    ...(condition.field === undefined ? [] : [compileField(condition.field, tests, covers)]),
    ...all.map(compile),
    ...(any === undefined ? [] : [anyOf(any.map(compile))]),
    ...(none === undefined ? [] : [not(anyOf(none.map(compile)))]),
  ];
  return not(anyOf(parts.map(not)));
}

function compileField(field: string, tests: Condition, covers: (path: string) => boolean): Judge {
  if (covers(field)) return compileCondition({ ...tests, field });
  const { exists, ...others } = tests;
  const isExistence = exists !== undefined && Object.values(others).every((test) => test === undefined);
  const unknown: Unknown = { path: field, isExistence };
  if (!isExistence) return () => unknown;
  const isThere = compileExists(field);
  return (document) => (isThere(document) ? exists : unknown);
}

function anyOf(parts: readonly Judge[]): Judge {
  return (document) => {
    let answer: Known = false;
    for (const part of parts) {
      const known = part(document);
      if (known === true) return true;
      if (answer === false) answer = known;
    }
    return answer;
  };
}

function not(judge: Judge): Judge {
  return (document) => {
    const known = judge(document);
    return typeof known === "boolean" ? !known : known;
  };
}
