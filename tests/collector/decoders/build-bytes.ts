/** Test-side writer of network-order bytes: written for these tests, shares no code with the decoders. */
export class ByteWriter {
  private readonly octets: number[] = [];

  get length(): number {
    return this.octets.length;
  }

  /** `width` octets of a number, most significant first; bigint for values past 2^53. */
  uint(width: number, value: number | bigint): this {
    let rest = BigInt(value);
    const out: number[] = [];
    for (let i = 0; i < width; i++) {
      out.unshift(Number(rest & 0xffn));
      rest >>= 8n;
    }
    this.octets.push(...out);
    return this;
  }

  bytes(octets: Iterable<number>): this {
    for (const octet of octets) this.octets.push(octet & 0xff);
    return this;
  }

  /** Overwrites 16 bits, for lengths known only at the end. */
  patchU16(at: number, value: number): this {
    this.octets[at] = value >>> 8;
    this.octets[at + 1] = value & 0xff;
    return this;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.octets);
  }
}

/** A field's content: a number in the field's width, or octets as they are (addresses, variable-length content). */
export type FieldValue = number | bigint | readonly number[] | Uint8Array;

export interface FieldSpec {
  readonly id: number;
  readonly length: number;
  readonly enterprise?: number;
}

export const VARIABLE = 0xffff;

export function field(id: number, length: number, enterprise?: number): FieldSpec {
  return enterprise === undefined ? { id, length } : { id, length, enterprise };
}

/** '192.0.2.1' → [192, 0, 2, 1] */
export function ip4(text: string): number[] {
  return text.split('.').map(Number);
}

/** One data record. Variable-length content gets its one- or three-octet length in front (RFC 7011 §7). */
export function recordBytes(fields: readonly FieldSpec[], values: readonly FieldValue[]): Uint8Array {
  const out = new ByteWriter();
  fields.forEach(({ length }, index) => {
    const value = values[index] ?? 0;
    if (typeof value === 'number' || typeof value === 'bigint') {
      if (length === VARIABLE) throw new Error('a variable-length field takes octets');
      out.uint(length, value);
      return;
    }
    const octets = Array.from(value);
    if (length === VARIABLE) {
      if (octets.length < 255) out.uint(1, octets.length);
      else out.uint(1, 255).uint(2, octets.length);
    } else if (octets.length !== length) throw new Error(`field of ${length} octets got ${octets.length}`);
    out.bytes(octets);
  });
  return out.done();
}

/** A set or FlowSet: id, length, content, `padding` zero octets. */
export function set(id: number, content: readonly Uint8Array[], padding = 0): Uint8Array {
  const out = new ByteWriter().uint(2, id).uint(2, 0);
  for (const part of content) out.bytes(part);
  out.bytes(new Uint8Array(padding));
  return out.patchU16(2, out.length).done();
}
