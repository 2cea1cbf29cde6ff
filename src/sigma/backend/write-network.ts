import type { CidrValue } from "../ast.ts";

/** The address of a network in its shortest form (RFC 5952 for IPv6). */
export function networkAddress(value: CidrValue): string {
  return value.address.length === 4 ? value.address.join(".") : writeV6(value.address);
}

/** `10.0.0.0/8` in its shortest form. */
export function writeNetwork(value: CidrValue): string {
  return `${networkAddress(value)}/${value.prefix}`;
}

function writeV6(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  const run = longestZeros(groups);
  if (run.length < 2) return groups.join(":");
  return `${groups.slice(0, run.start).join(":")}::${groups.slice(run.start + run.length).join(":")}`;
}

function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === "0") length += 1;
    if (length > best.length) best = { start, length };
  }
  return best;
}
