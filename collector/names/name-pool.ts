/** Each name once, counted by the entries that hold it. */
export class NamePool {
  private readonly idOf = new Map<string, number>();
  private readonly names: string[] = [];
  private readonly holders: number[] = [];
  private readonly free: number[] = [];

  get size(): number {
    return this.idOf.size;
  }

  /** The id of a name, −1 when no entry holds it. */
  find(name: string): number {
    return this.idOf.get(name) ?? -1;
  }

  hold(name: string): number {
    let id = this.idOf.get(name);
    if (id === undefined) {
      id = this.free.pop() ?? this.names.length;
      this.idOf.set(name, id);
      this.names[id] = name;
      this.holders[id] = 0;
    }
    this.holders[id]!++;
    return id;
  }

  release(id: number): void {
    if (--this.holders[id]! > 0) return;
    this.idOf.delete(this.names[id]!);
    this.names[id] = '';
    this.free.push(id);
  }

  text(id: number): string {
    return this.names[id]!;
  }
}
