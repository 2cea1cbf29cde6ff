import { type AddressBytes, bitAt, type Network } from "./ip-address.ts";

/** Networks by their leading bits: one walk of at most 32 or 128 steps finds all that hold an address. */
export class CidrTrie {
  /** Per node, the node for bit 0 and for bit 1; 0 for none. Node 0 is the root of IPv4, node 1 of IPv6. */
  readonly #children: number[] = [0, 0, 0, 0];
  readonly #marks: (number[] | undefined)[] = [undefined, undefined];

  add(network: Network, mark: number): void {
    let node = rootOf(network.address);
    for (let index = 0; index < network.prefix; index += 1) {
      const slot = node * 2 + bitAt(network.address, index);
      let next = this.#children[slot] ?? 0;
      if (next === 0) {
        next = this.#marks.length;
        this.#marks.push(undefined);
        this.#children.push(0, 0);
        this.#children[slot] = next;
      }
      node = next;
    }
    const marks = this.#marks[node];
    if (marks === undefined) this.#marks[node] = [mark];
    else marks.push(mark);
  }

  /** Calls back with the mark of every network that holds the address. */
  find(address: AddressBytes, onMark: (mark: number) => void): void {
    let node = rootOf(address);
    for (let index = 0; ; index += 1) {
      for (const mark of this.#marks[node] ?? []) onMark(mark);
      if (index === address.length * 8) return;
      node = this.#children[node * 2 + bitAt(address, index)] ?? 0;
      if (node === 0) return;
    }
  }
}

function rootOf(address: AddressBytes): number {
  return address.length === 4 ? 0 : 1;
}
