import { ByteWriter, ip4 } from './build-bytes.js';

export interface Netflow5Record {
  readonly source?: string;
  readonly destination?: string;
  readonly packets?: number;
  readonly octets?: number;
  readonly first?: number;
  readonly last?: number;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly flags?: number;
  readonly protocol?: number;
  readonly input?: number;
  readonly output?: number;
  readonly sourceAs?: number;
  readonly destinationAs?: number;
}

export interface Netflow5Header {
  readonly count?: number;
  readonly uptimeMs?: number;
  readonly seconds?: number;
  readonly nanoseconds?: number;
  readonly sequence?: number;
  readonly engineType?: number;
  readonly engineId?: number;
  readonly sampling?: number;
}

/** A NetFlow v5 datagram. `count` is the true one unless the test lies about it. */
export function netflow5(records: readonly Netflow5Record[], header: Netflow5Header = {}): Uint8Array {
  const out = new ByteWriter()
    .uint(2, 5)
    .uint(2, header.count ?? records.length)
    .uint(4, header.uptimeMs ?? 3_600_000)
    .uint(4, header.seconds ?? 1_796_256_000)
    .uint(4, header.nanoseconds ?? 0)
    .uint(4, header.sequence ?? 0)
    .uint(1, header.engineType ?? 0)
    .uint(1, header.engineId ?? 0)
    .uint(2, header.sampling ?? 0);
  for (const r of records) {
    out
      .bytes(ip4(r.source ?? '192.0.2.10'))
      .bytes(ip4(r.destination ?? '198.51.100.20'))
      .uint(4, 0);
    out
      .uint(2, r.input ?? 1)
      .uint(2, r.output ?? 2)
      .uint(4, r.packets ?? 3)
      .uint(4, r.octets ?? 180);
    out.uint(4, r.first ?? 3_590_000).uint(4, r.last ?? 3_595_000);
    out
      .uint(2, r.sourcePort ?? 49_152)
      .uint(2, r.destinationPort ?? 443)
      .uint(1, 0)
      .uint(1, r.flags ?? 0x1b)
      .uint(1, r.protocol ?? 6)
      .uint(1, 0);
    out
      .uint(2, r.sourceAs ?? 64_496)
      .uint(2, r.destinationAs ?? 64_497)
      .uint(1, 24)
      .uint(1, 24)
      .uint(2, 0);
  }
  return out.done();
}
