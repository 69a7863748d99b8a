/** What one run of the code under test did, in few words: inputs that make it do something new are kept and mutated further. */
export type Behaviour = string;

/** A part of the program that reads bytes of strangers. */
export interface FuzzTarget {
  readonly name: string;
  /** `bytes`: binary; `text`: lines. Decides how inputs are mutated. */
  readonly kind: 'bytes' | 'text';
  /** Well-formed inputs: datagrams in order, or one file. */
  readonly seeds: readonly (readonly Uint8Array[])[];
  /**
   * Reads one input from nothing, and once more beside what was read before where state lives on. Throws when a rule of the part is broken: an
   * exception is a finding.
   */
  run(input: readonly Uint8Array[]): Behaviour | Promise<Behaviour>;
}

/** A rule that an input broke. */
export class Broken extends Error {}

export function mustBe(condition: boolean, rule: string): void {
  if (!condition) throw new Broken(rule);
}

/** Orders of magnitude: a behaviour tells 3 rows from 30, not 30 from 31. */
export function magnitude(count: number): number {
  return count <= 2 ? count : 2 + Math.floor(Math.log2(count));
}

export function behaviourOf(faults: Readonly<Partial<Record<string, number>>>, counts: readonly number[]): Behaviour {
  const kinds = Object.keys(faults)
    .sort()
    .map((code) => `${code}:${magnitude(faults[code]!)}`);
  return `${kinds.join(' ')} ${counts.map(magnitude).join(',')}`;
}
