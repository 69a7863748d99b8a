import type { StateReader, StateWriter } from './state.js';

/** Bits of one generation: 2 KiB. With 7 probes and at most 1 700 members, one stranger in a hundred passes for known. */
const BLOOM_BYTES = 2048;
const PROBES = 7;
export const BLOOM_MEMBERS = 1700;

/**
 * A set that forgets: two Bloom filters, the younger is filled, both are asked. When the younger is full it becomes the older and the older is
 * dropped, so memory stays at 4 KiB and the share of false "known" answers below about 2 %, whatever arrives.
 */
export class TwoGenerationBloom {
  private young = new Uint8Array(BLOOM_BYTES);
  private old = new Uint8Array(BLOOM_BYTES);
  private members = 0;
  /** How often an older filter was dropped since this object was made. */
  forgettings = 0;

  has(a: number, b: number): boolean {
    return holds(this.young, a, b) || holds(this.old, a, b);
  }

  add(a: number, b: number): void {
    if (holds(this.young, a, b)) return;
    if (this.members >= BLOOM_MEMBERS) {
      const emptied = this.old.fill(0);
      this.old = this.young;
      this.young = emptied;
      this.members = 0;
      this.forgettings += 1;
    }
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = (a + Math.imul(probe, b | 1)) & (BLOOM_BYTES * 8 - 1);
      this.young[bit >>> 3] = this.young[bit >>> 3]! | (1 << (bit & 7));
    }
    this.members += 1;
  }

  save(writer: StateWriter): void {
    writer.u32(this.members);
    writer.numbers(this.young);
    writer.numbers(this.old);
  }

  load(reader: StateReader): void {
    this.members = reader.u32();
    reader.numbers(this.young);
    reader.numbers(this.old);
  }
}

function holds(bits: Uint8Array, a: number, b: number): boolean {
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = (a + Math.imul(probe, b | 1)) & (BLOOM_BYTES * 8 - 1);
    if ((bits[bit >>> 3]! & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}
