const NONE = -1;
/** Words of a key: client and address. */
export const KEY_WORDS = 8;

/**
 * The memory of the name table: entries in columns, found by hash of (client, address) through chains. It doubles as it fills and knows nothing of
 * time or age.
 */
export class NameEntries {
  /** Client and address, KEY_WORDS words an entry. */
  keys: Uint32Array;
  /** The name is valid from here … */
  from: Float64Array;
  /** … to here. */
  until: Float64Array;
  /** Time of the last answer. */
  last: Float64Array;
  /** Which name: an id of NamePool. */
  name: Int32Array;
  /** The next entry of the same bucket, or of those that are free. */
  next: Int32Array;
  size = 0;
  capacity: number;
  private hashes: Int32Array;
  private buckets: Int32Array;
  private mask: number;
  private free = NONE;
  private used = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.keys = new Uint32Array(capacity * KEY_WORDS);
    this.from = new Float64Array(capacity);
    this.until = new Float64Array(capacity);
    this.last = new Float64Array(capacity);
    this.name = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.hashes = new Int32Array(capacity);
    this.buckets = new Int32Array(capacity * 2).fill(NONE);
    this.mask = capacity * 2 - 1;
  }

  /** First entry of the chain that a hash leads to, −1 when there is none. Others may be in it: compare with `isAt`. */
  first(hash: number): number {
    return this.buckets[hash & this.mask]!;
  }

  isAt(entry: number, client: Uint32Array, clientAt: number, address: Uint32Array, addressAt: number): boolean {
    const { keys } = this;
    const at = entry * KEY_WORDS;
    return (
      keys[at] === client[clientAt] &&
      keys[at + 1] === client[clientAt + 1] &&
      keys[at + 2] === client[clientAt + 2] &&
      keys[at + 3] === client[clientAt + 3] &&
      keys[at + 4] === address[addressAt] &&
      keys[at + 5] === address[addressAt + 1] &&
      keys[at + 6] === address[addressAt + 2] &&
      keys[at + 7] === address[addressAt + 3]
    );
  }

  /** An entry with this key, its other columns as they were; −1 when all are taken. */
  add(hash: number, key: Uint32Array): number {
    if (this.free === NONE && this.used === this.capacity) return NONE;
    let entry = this.free;
    if (entry === NONE) entry = this.used++;
    else this.free = this.next[entry]!;
    this.keys.set(key, entry * KEY_WORDS);
    this.hashes[entry] = hash;
    this.link(entry);
    this.size++;
    return entry;
  }

  remove(entry: number): void {
    const bucket = this.hashes[entry]! & this.mask;
    let before = NONE;
    for (let at = this.buckets[bucket]!; at !== entry; at = this.next[at]!) before = at;
    if (before === NONE) this.buckets[bucket] = this.next[entry]!;
    else this.next[before] = this.next[entry]!;
    this.next[entry] = this.free;
    this.free = entry;
    this.size--;
  }

  /** Doubles the memory. All entries must be taken. */
  grow(): void {
    const capacity = this.capacity * 2;
    this.keys = widened(this.keys, new Uint32Array(capacity * KEY_WORDS));
    this.from = widened(this.from, new Float64Array(capacity));
    this.until = widened(this.until, new Float64Array(capacity));
    this.last = widened(this.last, new Float64Array(capacity));
    this.name = widened(this.name, new Int32Array(capacity));
    this.next = widened(this.next, new Int32Array(capacity));
    this.hashes = widened(this.hashes, new Int32Array(capacity));
    this.buckets = new Int32Array(capacity * 2).fill(NONE);
    this.mask = capacity * 2 - 1;
    this.capacity = capacity;
    for (let entry = 0; entry < this.used; entry++) this.link(entry);
  }

  private link(entry: number): void {
    const bucket = this.hashes[entry]! & this.mask;
    this.next[entry] = this.buckets[bucket]!;
    this.buckets[bucket] = entry;
  }
}

function widened<A extends Uint32Array | Float64Array | Int32Array>(old: A, wider: A): A {
  wider.set(old);
  return wider;
}
