import { ByteWriter, type FieldSpec, set } from './build-bytes.js';

export interface Netflow9Header {
  readonly count?: number;
  readonly uptimeMs?: number;
  readonly seconds?: number;
  readonly sequence?: number;
  readonly sourceId?: number;
}

/** A NetFlow v9 export packet around FlowSets. `count` is 0 unless given: only the collector of lost templates reads it. */
export function netflow9(flowSets: readonly Uint8Array[], header: Netflow9Header = {}): Uint8Array {
  const out = new ByteWriter()
    .uint(2, 9)
    .uint(2, header.count ?? 0)
    .uint(4, header.uptimeMs ?? 3_600_000)
    .uint(4, header.seconds ?? 1_796_256_000)
    .uint(4, header.sequence ?? 0)
    .uint(4, header.sourceId ?? 0);
  for (const flowSet of flowSets) out.bytes(flowSet);
  return out.done();
}

/** FlowSet 0 with one template. */
export function template9(id: number, fields: readonly FieldSpec[]): Uint8Array {
  const out = new ByteWriter().uint(2, id).uint(2, fields.length);
  for (const { id: type, length } of fields) out.uint(2, type).uint(2, length);
  return set(0, [out.done()]);
}

/** FlowSet 1 with one options template; `scope` fields are of the scope types of RFC 3954 §6.1. */
export function optionsTemplate9(id: number, scope: readonly FieldSpec[], options: readonly FieldSpec[]): Uint8Array {
  const out = new ByteWriter()
    .uint(2, id)
    .uint(2, scope.length * 4)
    .uint(2, options.length * 4);
  for (const { id: type, length } of [...scope, ...options]) out.uint(2, type).uint(2, length);
  return set(1, [out.done()], (4 - (out.length % 4)) % 4);
}
