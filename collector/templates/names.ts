/** Longest name that is kept, in octets: interface descriptions can be whole sentences. */
export const MAX_NAME_OCTETS = 128;

const UTF8 = new TextDecoder('utf-8', { fatal: false });

/**
 * A string as exporters send it (RFC 7011 §6.1.6: UTF-8), without the zeros that fill a field of fixed length up and without control characters, which
 * have no business in a name and would do harm on a terminal.
 */
export function readText(bytes: Uint8Array, at: number, width: number): string {
  let end = at;
  while (end < at + width && bytes[end] !== 0) end++;
  const text = UTF8.decode(bytes.subarray(at, end));
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '').trim();
}

/** The same, cut to what is kept of a name. */
export function readName(bytes: Uint8Array, at: number, width: number): string {
  return readText(bytes, at, Math.min(width, MAX_NAME_OCTETS));
}

/** Names that an observation domain told for numbers (interfaces, VRFs, applications) in options records. Bounded: names beyond it are not kept, the number stays. */
export class NameTable {
  private readonly names = new Map<number, string>();
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.names.size;
  }

  set(id: number, name: string): void {
    if (name !== '' && (this.names.has(id) || this.names.size < this.limit)) this.names.set(id, name);
  }

  entries(): Iterable<[id: number, name: string]> {
    return this.names.entries();
  }

  /** '' when no name was told. */
  of(id: number): string {
    return this.names.get(id) ?? '';
  }
}
