/**
 * Which entries have a hash: open addressing with linear probing over one Int32Array of (hash, entry + 1) pairs, at most half full.
 * Removal shifts back what follows, so that there are no tombstones and a look-up ends at the first empty slot.
 */
export class FlowIndex {
  /** Public for the meter's inner loop, which probes by itself. */
  slots: Int32Array;
  mask: number;

  /** `entries` is a power of two. */
  constructor(entries: number) {
    this.slots = new Int32Array(entries * 4);
    this.mask = entries * 2 - 1;
  }

  insert(hash: number, entry: number): void {
    const { slots, mask } = this;
    let slot = hash & mask;
    while (slots[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
    slots[slot * 2] = hash;
    slots[slot * 2 + 1] = entry + 1;
  }

  remove(hash: number, entry: number): void {
    const { slots, mask } = this;
    let hole = hash & mask;
    while (slots[hole * 2 + 1] !== entry + 1) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; slots[slot * 2 + 1] !== 0; slot = (slot + 1) & mask) {
      const home = slots[slot * 2]! & mask;
      // It may move into the hole unless its home lies behind the hole, cyclically.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole * 2] = slots[slot * 2]!;
      slots[hole * 2 + 1] = slots[slot * 2 + 1]!;
      hole = slot;
    }
    slots[hole * 2 + 1] = 0;
  }

  /** The same entries in twice the slots. */
  grow(): void {
    const old = this.slots;
    this.slots = new Int32Array(old.length * 2);
    this.mask = this.mask * 2 + 1;
    for (let at = 0; at < old.length; at += 2) if (old[at + 1] !== 0) this.insert(old[at]!, old[at + 1]! - 1);
  }
}
