import { TagsmithError } from "../../event/tagsmith-error.ts";

/** A feature that a target cannot express exactly. */
export function notConvertible(message: string): TagsmithError {
  return new TagsmithError("sigma_not_convertible", message, "exit");
}

/** Whether an error says that a rule cannot be converted. */
export function isNotConvertible(error: unknown): error is TagsmithError {
  return error instanceof TagsmithError && error.code === "sigma_not_convertible";
}
