/** An address as 16-bit groups: two for IPv4, eight for IPv6. */
export type AddressGroups = readonly number[];

export interface Network {
  readonly groups: AddressGroups;
  readonly prefixLength: number;
}

/** Reads an IPv4 or IPv6 address; undefined for anything else. An IPv6 zone (`%eth0`) is left out. */
export function parseAddress(text: string): AddressGroups | undefined {
  if (text.length < 2 || text.length > 64) return undefined;
  return text.includes(":") ? parseV6(text.split("%", 1)[0] ?? "") : parseV4(text);
}

function parseV4(text: string): AddressGroups | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const octets = match.slice(1).map(Number);
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return octets.some((octet) => octet > 255) ? undefined : [a * 256 + b, c * 256 + d];
}

function parseV6(text: string): AddressGroups | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => readGroups(half, index === halves.length - 1));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  if (tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function readGroups(half: string, mayEndInV4: boolean): number[] | undefined {
  if (half === "") return [];
  const groups: number[] = [];
  const words = half.split(":");
  for (const [index, word] of words.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(word)) groups.push(Number.parseInt(word, 16));
    else {
      const v4 = mayEndInV4 && index === words.length - 1 ? parseV4(word) : undefined;
      if (v4 === undefined) return undefined;
      groups.push(...v4);
    }
  }
  return groups;
}

/** Reads `10.0.0.0/8`; an address alone is a network of one. Undefined for anything else. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  const groups = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (groups === undefined) return undefined;
  const bits = groups.length * 16;
  if (slash < 0) return { groups, prefixLength: bits };
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) return undefined;
  return { groups, prefixLength: Number(length) };
}

/** Bit `index` of an address, the highest first. */
export function bitAt(groups: AddressGroups, index: number): number {
  return ((groups[index >> 4] ?? 0) >> (15 - (index & 15))) & 1;
}

/** Whether an address lies in a network; families never mix. */
export function inNetwork(groups: AddressGroups, network: Network): boolean {
  if (groups.length !== network.groups.length) return false;
  for (let index = 0; index < network.prefixLength; index += 1) {
    if (bitAt(groups, index) !== bitAt(network.groups, index)) return false;
  }
  return true;
}
