const NONE = -1;

/** Ends of one list of an AgeLinks. */
export interface AgeList {
  oldest: number;
  newest: number;
  length: number;
}

export const emptyList = (): AgeList => ({ oldest: NONE, newest: NONE, length: 0 });

/** Doubly linked lists over numbered entries; each entry is in one list at most. */
export class AgeLinks {
  private older: Int32Array;
  private newer: Int32Array;

  constructor(capacity: number) {
    this.older = new Int32Array(capacity);
    this.newer = new Int32Array(capacity);
  }

  grow(capacity: number): void {
    const [older, newer] = [new Int32Array(capacity), new Int32Array(capacity)];
    older.set(this.older);
    newer.set(this.newer);
    this.older = older;
    this.newer = newer;
  }

  append(list: AgeList, entry: number): void {
    this.older[entry] = list.newest;
    this.newer[entry] = NONE;
    if (list.newest === NONE) list.oldest = entry;
    else this.newer[list.newest] = entry;
    list.newest = entry;
    list.length++;
  }

  remove(list: AgeList, entry: number): void {
    const older = this.older[entry]!;
    const newer = this.newer[entry]!;
    if (older === NONE) list.oldest = newer;
    else this.newer[older] = newer;
    if (newer === NONE) list.newest = older;
    else this.older[newer] = older;
    list.length--;
  }
}
