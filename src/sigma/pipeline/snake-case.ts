/** `ProcessId` becomes `process_id`; every capital but a first one gets an underscore before it. */
export function snakeCase(text: string): string {
  return text.replace(/(?<!^)(?=[A-Z])/g, "_").toLowerCase();
}
