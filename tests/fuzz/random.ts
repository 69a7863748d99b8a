/** Numbers by arithmetic alone (sfc32 of PractRand, public domain algorithm): the same seed, the same run, on every machine. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number) {
    this.a = seed | 0;
    this.b = 0x9e3779b9 ^ seed;
    this.c = 0x243f6a88;
    for (let i = 0; i < 12; i++) this.word();
  }

  /** 32 bits. */
  word(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** 0 … below − 1; 0 where below is 0. */
  below(below: number): number {
    return below <= 1 ? 0 : this.word() % below;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}
