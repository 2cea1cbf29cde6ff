/** An address as bytes: 4 for IPv4, 16 for IPv6. */
export type AddressBytes = readonly number[];

/** The first `prefix` bits of an address. */
export interface Network {
  readonly address: AddressBytes;
  readonly prefix: number;
}

/** Reads an IPv4 or IPv6 address; undefined for anything else. An IPv6 zone (`%eth0`) is left out. */
export function parseAddress(text: string): AddressBytes | undefined {
  if (text.length < 2 || text.length > 64) return undefined;
  return text.includes(":") ? parseV6(text.split("%", 1)[0] ?? "") : parseV4(text);
}

function parseV4(text: string): AddressBytes | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = match.slice(1).map(Number);
  return bytes.some((byte) => byte > 255) ? undefined : bytes;
}

function parseV6(text: string): AddressBytes | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => readGroups(half, index === halves.length - 1));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  if (tail === undefined || head.length + tail.length > 14) return undefined;
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

function readGroups(half: string, mayEndInV4: boolean): number[] | undefined {
  if (half === "") return [];
  const bytes: number[] = [];
  const words = half.split(":");
  for (const [index, word] of words.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(word)) {
      const group = Number.parseInt(word, 16);
      bytes.push(group >> 8, group & 0xff);
    } else {
      const v4 = mayEndInV4 && index === words.length - 1 ? parseV4(word) : undefined;
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
    }
  }
  return bytes;
}

/** Bit `index` of an address, the highest first. */
export function bitAt(address: AddressBytes, index: number): number {
  return ((address[index >> 3] ?? 0) >> (7 - (index & 7))) & 1;
}

/** Whether an address lies in a network; families never mix. */
export function inNetwork(address: AddressBytes, network: Network): boolean {
  if (address.length !== network.address.length) return false;
  for (let index = 0; index < network.prefix; index += 1) {
    if (bitAt(address, index) !== bitAt(network.address, index)) return false;
  }
  return true;
}
