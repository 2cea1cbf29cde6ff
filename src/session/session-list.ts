/** A member of at most one list. */
export interface ListNode<T> {
  previous: T | undefined;
  next: T | undefined;
}

/** A doubly linked list in which a member moves to the end in constant time: least recently used first. */
export class SessionList<T extends ListNode<T>> {
  first: T | undefined;
  #last: T | undefined;
  length = 0;

  push(node: T): void {
    node.previous = this.#last;
    node.next = undefined;
    if (this.#last === undefined) this.first = node;
    else this.#last.next = node;
    this.#last = node;
    this.length += 1;
  }

  remove(node: T): void {
    if (node.previous === undefined) this.first = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) this.#last = node.previous;
    else node.next.previous = node.previous;
    node.previous = undefined;
    node.next = undefined;
    this.length -= 1;
  }

  moveToEnd(node: T): void {
    if (node === this.#last) return;
    this.remove(node);
    this.push(node);
  }
}
