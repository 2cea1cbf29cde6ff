/**
 * ECS's place, under `process.parent`, for what a source says of a parent: its process id, its path, or its command line.
 * An id has at most 15 digits, so a double holds it.
 */
export function parentField(parent: string): "pid" | "executable" | "command_line" {
  if (/^(?:0|[1-9]\d{0,14})$/.test(parent)) return "pid";
  return /^\/\S*$/.test(parent) ? "executable" : "command_line";
}
