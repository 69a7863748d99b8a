import type { StateReader, StateWriter } from '../baseline/state.js';
import type { PeerFacts } from '../claims/compiled.js';

/** Most classes of one engine: sets of names that peers were told by, as far as claims name them. Beyond, a new combination counts as no name at all. */
export const MAX_PEER_CLASSES = 65_536;

/**
 * Numbers for what is known of peers beside their addresses: equal facts, equal number, so that sessions and kinds of exchange carry a small number.
 * Class 0 knows nothing. The numbers go into sessions, hence into snapshots.
 */
export class PeerClasses {
  private readonly facts: PeerFacts[] = [new Set()];
  private readonly classOf = new Map<string, number>([['', 0]]);
  private readonly unions = new Map<number, number>();

  factsOf(peerClass: number): PeerFacts {
    return this.facts[peerClass]!;
  }

  intern(facts: Iterable<number>): number {
    const sorted = [...new Set(facts)].sort((a, b) => a - b);
    const key = sorted.join(' ');
    let known = this.classOf.get(key);
    if (known === undefined) {
      if (this.facts.length === MAX_PEER_CLASSES) return 0;
      known = this.facts.push(new Set(sorted)) - 1;
      this.classOf.set(key, known);
    }
    return known;
  }

  /** The class of all that either knows. */
  union(a: number, b: number): number {
    if (a === b || b === 0) return a;
    if (a === 0) return b;
    const key = Math.min(a, b) * MAX_PEER_CLASSES + Math.max(a, b);
    let known = this.unions.get(key);
    if (known === undefined) {
      known = this.intern([...this.facts[a]!, ...this.facts[b]!]);
      if (this.unions.size < MAX_PEER_CLASSES) this.unions.set(key, known);
    }
    return known;
  }

  save(writer: StateWriter): void {
    writer.u32(this.facts.length - 1);
    for (const facts of this.facts.slice(1)) {
      writer.u32(facts.size);
      for (const fact of facts) writer.u32(fact);
    }
  }

  load(reader: StateReader): void {
    this.facts.length = 1;
    this.classOf.clear();
    this.classOf.set('', 0);
    this.unions.clear();
    for (let left = reader.u32(); left > 0; left--) this.intern(Array.from({ length: reader.u32() }, () => reader.u32()));
  }
}
