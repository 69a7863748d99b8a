import { compareAddresses, type Prefix, parsePrefix } from '../../flow/address.js';
import { compareWords, lastWords, orderPrefixes } from '../../flow/prefix-order.js';
import { PrefixTable } from '../../flow/prefix-table.js';

/** A set of atoms, one bit each. */
export type AtomSet = Uint32Array;

/** Prefixes that may lie within each other, one of each length. */
const MOST_OPEN = 129;

/**
 * The address space cut into atoms. Prefixes nest or are disjoint, so the regions "inside this prefix and inside no narrower one" are disjoint, cover
 * everything, and any union of the prefixes is a union of regions: those are the atoms. Sorted by address and then by length, the prefixes inside
 * another one follow it directly; so a prefix is a run of atoms, and an endpoint is made by filling runs of bits.
 *
 *   atom 0   ::/0                     what no prefix names
 *   atom 1     10.0.0.0/8             10.0.0.0/8 without the two below     ┐
 *   atom 2       10.40.0.0/16         10.40.0.0/16 without 10.40.30.10     ├ the run of 10.0.0.0/8
 *   atom 3         10.40.30.10/32                                          ┘
 */
export class AddressSpace {
  readonly atomCount: number;
  private readonly table: PrefixTable;
  private readonly sorted: readonly Prefix[];
  /** For each atom, the first atom behind its run. */
  private readonly runEnd: Uint32Array;
  /** Atom of each prefix as it was given: most are asked for as the same object again. */
  private readonly atoms = new Map<Prefix, number>();

  constructor(prefixes: readonly Prefix[]) {
    const all = [parsePrefix('::/0'), ...prefixes];
    const { order, words, lengths } = orderPrefixes(all);
    const sorted: Prefix[] = [];
    const runEnd = new Uint32Array(all.length);
    // Prefixes that the one at hand lies in: their atoms, and their last addresses.
    const open: number[] = [];
    const lasts = new Uint32Array(MOST_OPEN * 4);
    let before = -1;
    for (const index of order) {
      const same = before >= 0 && lengths[before] === lengths[index] && compareWords(words, before * 4, words, index * 4) === 0;
      before = index;
      if (!same) {
        const atom = sorted.push(all[index]!) - 1;
        while (open.length > 0 && compareWords(lasts, (open.length - 1) * 4, words, index * 4) < 0) runEnd[open.pop()!] = atom;
        lastWords(words, index * 4, lengths[index]!, lasts, open.length * 4);
        open.push(atom);
      }
      this.atoms.set(all[index]!, sorted.length - 1);
    }
    for (const atom of open) runEnd[atom] = sorted.length;
    this.sorted = sorted;
    this.atomCount = sorted.length;
    this.runEnd = runEnd;
    this.table = new PrefixTable(sorted.map((prefix, value) => ({ prefix, value })));
  }

  /** Atom of the 16 bytes at `offset`. */
  atomOf(bytes: Uint8Array, offset: number): number {
    return this.table.lookup(bytes, offset);
  }

  none(): AtomSet {
    return new Uint32Array((this.atomCount + 31) >>> 5);
  }

  all(): AtomSet {
    const set = this.none();
    fillRun(set, 0, this.atomCount);
    return set;
  }

  /** The union of prefixes that were given to the constructor. */
  union(prefixes: readonly Prefix[]): AtomSet {
    const set = this.none();
    for (const prefix of prefixes) {
      const atom = this.atomOfPrefix(prefix);
      fillRun(set, atom, this.runEnd[atom]!);
    }
    return set;
  }

  /** For each atom the number of the list that holds the narrowest prefix around it; the first of several lists that hold that prefix, −1 where none does. */
  narrowest(lists: readonly (readonly Prefix[])[]): Int32Array {
    const numbers = new Int32Array(this.atomCount).fill(-1);
    lists.forEach((list, number) => {
      for (const prefix of list) {
        const atom = this.atomOfPrefix(prefix);
        if (numbers[atom] === -1) numbers[atom] = number;
      }
    });
    // Where no list holds the prefix itself, what is around it counts.
    const around: number[] = [];
    for (let atom = 0; atom < this.atomCount; atom++) {
      while (around.length > 0 && this.runEnd[around.at(-1)!]! <= atom) around.pop();
      if (numbers[atom] === -1 && around.length > 0) numbers[atom] = numbers[around.at(-1)!]!;
      around.push(atom);
    }
    return numbers;
  }

  /** The prefix that the atom is, without the narrower ones within it. */
  prefixOf(atom: number): Prefix {
    return this.sorted[atom]!;
  }

  /** A prefix that lies in the set, at least but for narrower ones within it, to name in messages; undefined when the set is empty. */
  exampleOf(set: AtomSet): Prefix | undefined {
    for (let atom = 0; atom < this.atomCount; atom++) if (hasAtom(set, atom)) return this.sorted[atom];
    return undefined;
  }

  private atomOfPrefix(prefix: Prefix): number {
    const known = this.atoms.get(prefix);
    if (known !== undefined) return known;
    let low = 0;
    let high = this.atomCount - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comparePrefixes(this.sorted[middle]!, prefix) < 0) low = middle + 1;
      else high = middle;
    }
    if (comparePrefixes(this.sorted[low]!, prefix) !== 0) throw new Error('a prefix was not declared to the address space');
    return low;
  }
}

export function hasAtom(set: AtomSet, atom: number): boolean {
  return ((set[atom >>> 5]! >>> (atom & 31)) & 1) === 1;
}

export function addAll(set: AtomSet, other: AtomSet): void {
  for (let i = 0; i < set.length; i++) set[i] = set[i]! | other[i]!;
}

export function removeAll(set: AtomSet, other: AtomSet): void {
  for (let i = 0; i < set.length; i++) set[i] = set[i]! & ~other[i]!;
}

export function isEmptySet(set: AtomSet): boolean {
  return set.every((word) => word === 0);
}

/** True when every atom of `set` is in `other`. */
export function isSubset(set: AtomSet, other: AtomSet): boolean {
  return set.every((word, index) => (word & ~other[index]!) === 0);
}

export function overlaps(set: AtomSet, other: AtomSet): boolean {
  return set.some((word, index) => (word & other[index]!) !== 0);
}

/** Sets the bits from `from` up to, not including, `to`. */
function fillRun(set: AtomSet, from: number, to: number): void {
  let atom = from;
  while (atom < to && (atom & 31) !== 0) setBit(set, atom++);
  const words = (to - atom) >>> 5;
  if (words > 0) {
    set.fill(0xffffffff, atom >>> 5, (atom >>> 5) + words);
    atom += words << 5;
  }
  while (atom < to) setBit(set, atom++);
}

function setBit(set: AtomSet, atom: number): void {
  set[atom >>> 5] = set[atom >>> 5]! | (1 << (atom & 31));
}

function comparePrefixes(a: Prefix, b: Prefix): number {
  return compareAddresses(a.bytes, b.bytes) || a.length - b.length;
}
