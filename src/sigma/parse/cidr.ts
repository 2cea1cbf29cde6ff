import { isIP } from "node:net";
import type { CidrValue } from "../ast.ts";

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; a text says why it is refused. */
export function parseCidr(text: string): CidrValue | string {
  const [host = "", length, ...rest] = text.split("/");
  const version = isIP(host);
  if (version === 0 || rest.length > 0 || host.includes("%")) return `${JSON.stringify(text)} is no IP network`;
  const address = version === 4 ? bytesOfV4(host) : bytesOfV6(host);
  const bits = address.length * 8;
  const prefix = length === undefined ? bits : prefixLength(length, bits);
  if (prefix === undefined) return `${JSON.stringify(length)} is no prefix length from 0 to ${bits}`;
  const hostBit = address.some((byte, index) => (byte & (0xff >> Math.min(8, Math.max(0, prefix - index * 8)))) !== 0);
  if (hostBit) return `${text} has bits set behind the prefix`;
  return { kind: "cidr", network: text, address, prefix };
}

function prefixLength(text: string, bits: number): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= bits ? Number(text) : undefined;
  // IPv4 also takes a netmask: ones, then zeros.
  if (bits !== 32 || isIP(text) !== 4) return undefined;
  const mask = bytesOfV4(text).map((byte) => byte.toString(2).padStart(8, "0"));
  const ones = mask.join("").match(/^(1*)0*$/)?.[1];
  return ones?.length;
}

function bytesOfV4(text: string): number[] {
  return text.split(".").map(Number);
}

function bytesOfV6(text: string): number[] {
  const dotted = text.match(/^(.*:)(\d+\.\d+\.\d+\.\d+)$/);
  const [a = 0, b = 0, c = 0, d = 0] = dotted === null ? [] : bytesOfV4(dotted[2] ?? "");
  const hexText = dotted === null ? text : `${dotted[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  const [head = "", tail] = hexText.split("::");
  const groups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const start = groups(head);
  const end = tail === undefined ? [] : groups(tail);
  const all = [...start, ...Array<number>(8 - start.length - end.length).fill(0), ...end];
  return all.flatMap((group) => [group >> 8, group & 0xff]);
}
