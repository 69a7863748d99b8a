import { ByteWriter, type FieldSpec, set } from './build-bytes.js';

export interface IpfixHeader {
  readonly length?: number;
  readonly seconds?: number;
  readonly sequence?: number;
  readonly domain?: number;
}

/** An IPFIX message around sets. `length` is the true one unless the test lies about it. */
export function ipfix(sets: readonly Uint8Array[], header: IpfixHeader = {}): Uint8Array {
  const out = new ByteWriter()
    .uint(2, 10)
    .uint(2, 0)
    .uint(4, header.seconds ?? 1_796_256_000)
    .uint(4, header.sequence ?? 0)
    .uint(4, header.domain ?? 0);
  for (const one of sets) out.bytes(one);
  return out.patchU16(2, header.length ?? out.length).done();
}

function specifiers(out: ByteWriter, fields: readonly FieldSpec[]): void {
  for (const { id, length, enterprise } of fields) {
    out.uint(2, enterprise === undefined ? id : id | 0x8000).uint(2, length);
    if (enterprise !== undefined) out.uint(4, enterprise);
  }
}

/** Set 2 with one template; without fields it is a withdrawal (RFC 7011 §8.1). */
export function template(id: number, fields: readonly FieldSpec[]): Uint8Array {
  const out = new ByteWriter().uint(2, id).uint(2, fields.length);
  specifiers(out, fields);
  return set(2, [out.done()]);
}

/** Set 3 with one options template, the first `scopeFields` of whose fields are the scope. */
export function optionsTemplate(id: number, fields: readonly FieldSpec[], scopeFields = 1): Uint8Array {
  const out = new ByteWriter().uint(2, id).uint(2, fields.length).uint(2, scopeFields);
  specifiers(out, fields);
  return set(3, [out.done()]);
}
