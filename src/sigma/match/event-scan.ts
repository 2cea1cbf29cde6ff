import type { Document } from "../../sdk/document.ts";
import type { LazyTests } from "./atom-table.ts";
import type { FieldNode } from "./field-trie.ts";
import type { FieldValues } from "./field-values.ts";
import type { AtomAnswers } from "./plan-rule.ts";
import { type EventScalar, isEventScalar, isObject, maxEventDepth } from "./scalar.ts";
import type { AtomSink, ScanIndex } from "./scan-index.ts";

/** What one rule set looks for in events. */
export interface ScanLayout {
  readonly atoms: number;
  readonly root: FieldNode;
  /** By field index. */
  readonly fields: readonly FieldPlan[];
  readonly fieldIndex: ReadonlyMap<string, number>;
  /** Looks into every leaf; undefined where no rule has keywords. */
  readonly keywords: ScanIndex | undefined;
  readonly lazy: ReadonlyMap<number, LazyTests>;
  /** Rules to look at when an atom is hit. */
  readonly triggered: readonly (readonly number[] | undefined)[];
  readonly rules: number;
}

interface FieldPlan {
  readonly index: ScanIndex;
  readonly presence: number;
}

interface Slot {
  event: number;
  present: boolean;
  filled: boolean;
  scalars: EventScalar[];
}

const absent: FieldValues = { present: false, filled: false, scalars: [] };

/**
 * The state of matching one event after another. Marks carry the number of the event they belong to, so nothing is cleared in
 * between.
 */
export class EventScan implements AtomSink, AtomAnswers {
  readonly #layout: ScanLayout;
  readonly #hit: Int32Array;
  readonly #missed: Int32Array;
  readonly #considered: Int32Array;
  readonly #slots: readonly Slot[];
  #leaves: EventScalar[] = [];
  #candidates: number[] = [];
  #event = 0;

  constructor(layout: ScanLayout) {
    this.#layout = layout;
    this.#hit = new Int32Array(layout.atoms);
    this.#missed = new Int32Array(layout.atoms);
    this.#considered = new Int32Array(layout.rules);
    this.#slots = layout.fields.map(() => ({ event: 0, present: false, filled: false, scalars: [] }));
  }

  /** Reads an event; the rules that something in it announces. */
  read(event: Document): readonly number[] {
    this.#begin();
    this.#walk(event, this.#layout.root, 0);
    return this.#candidates;
  }

  hit(atom: number): void {
    if (this.#hit[atom] === this.#event) return;
    this.#hit[atom] = this.#event;
    const rules = this.#layout.triggered[atom];
    if (rules === undefined) return;
    for (let index = 0; index < rules.length; index += 1) {
      const rule = rules[index] ?? 0;
      if (this.#considered[rule] === this.#event) continue;
      this.#considered[rule] = this.#event;
      this.#candidates.push(rule);
    }
  }

  holds(atom: number): boolean {
    if (this.#hit[atom] === this.#event) return true;
    if (this.#missed[atom] === this.#event) return false;
    const lazy = this.#layout.lazy.get(atom);
    const answer = lazy !== undefined && this.#runLazy(lazy);
    (answer ? this.#hit : this.#missed)[atom] = this.#event;
    return answer;
  }

  #begin(): void {
    if (this.#event === 0x7f_ff_ff_ff) {
      for (const marks of [this.#hit, this.#missed, this.#considered]) marks.fill(0);
      for (const slot of this.#slots) slot.event = 0;
      this.#event = 0;
    }
    this.#event += 1;
    this.#leaves = [];
    this.#candidates = [];
  }

  #runLazy({ field, fieldTests, keywordTests }: LazyTests): boolean {
    if (field === undefined) return keywordTests.some((test) => this.#leaves.some(test));
    const read = (name: string): FieldValues => this.#valuesOf(this.#layout.fieldIndex.get(name));
    const found = this.#valuesOf(field.index);
    return fieldTests.some((test) => test(found, read));
  }

  #valuesOf(field: number | undefined): FieldValues {
    const slot = field === undefined ? undefined : this.#slots[field];
    return slot === undefined || slot.event !== this.#event ? absent : slot;
  }

  #walk(holder: Document, node: FieldNode | undefined, depth: number): void {
    if (depth > maxEventDepth) return;
    const everyLeaf = this.#layout.keywords !== undefined;
    for (const key in holder) {
      const child = node?.children.get(key);
      if (child === undefined && !everyLeaf) continue;
      const field = child?.field ?? -1;
      if (field >= 0) this.#see(field);
      this.#visit(holder[key], child, field, depth + 1);
    }
  }

  #visit(value: unknown, node: FieldNode | undefined, field: number, depth: number): void {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) {
      if (depth > maxEventDepth) return;
      for (let index = 0; index < value.length; index += 1) this.#visit(value[index], node, field, depth + 1);
      return;
    }
    const slot = field < 0 ? undefined : this.#slots[field];
    if (slot !== undefined) slot.filled = true;
    if (isEventScalar(value)) this.#leaf(value, field, slot);
    else if (isObject(value)) this.#walk(value, node, depth);
  }

  #leaf(scalar: EventScalar, field: number, slot: Slot | undefined): void {
    const { keywords } = this.#layout;
    if (keywords !== undefined) {
      this.#leaves.push(scalar);
      keywords.scan(scalar, this);
    }
    if (slot === undefined) return;
    slot.scalars.push(scalar);
    this.#layout.fields[field]?.index.scan(scalar, this);
  }

  #see(field: number): void {
    const slot = this.#slots[field];
    if (slot === undefined || slot.event === this.#event) return;
    slot.event = this.#event;
    slot.present = true;
    slot.filled = false;
    slot.scalars = [];
    this.hit(this.#layout.fields[field]?.presence ?? 0);
  }
}
