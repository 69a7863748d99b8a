import { ByteWriter, ip4 } from './build-bytes.js';

export interface FixedRecord {
  readonly source?: string;
  readonly destination?: string;
  readonly octets?: number;
  readonly protocol?: number;
  readonly flags?: number;
  readonly destinationPort?: number;
}

interface FixedHeader {
  readonly count?: number;
  readonly sequence?: number;
  readonly seconds?: number;
}

function common(version: number, count: number, seconds: number): ByteWriter {
  return new ByteWriter().uint(2, version).uint(2, count).uint(4, 3_600_000).uint(4, seconds).uint(4, 0);
}

/** The 36 octets that the records of all three versions begin with. */
function begin(out: ByteWriter, { source, destination, octets, destinationPort }: FixedRecord): void {
  out
    .bytes(ip4(source ?? '192.0.2.10'))
    .bytes(ip4(destination ?? '198.51.100.20'))
    .uint(4, 0)
    .uint(2, 1)
    .uint(2, 2)
    .uint(4, 3)
    .uint(4, octets ?? 180)
    .uint(4, 3_590_000)
    .uint(4, 3_595_000)
    .uint(2, 49_152)
    .uint(2, destinationPort ?? 443);
}

/** A NetFlow v1 datagram with records of 48 octets, or 52. */
export function netflow1(records: readonly FixedRecord[], header: FixedHeader = {}, recordOctets = 48): Uint8Array {
  const out = common(1, header.count ?? records.length, header.seconds ?? 1_796_256_000);
  for (const record of records) {
    begin(out, record);
    out
      .uint(2, 0)
      .uint(1, record.protocol ?? 6)
      .uint(1, 0)
      .uint(1, record.flags ?? 0x1b)
      .bytes(new Uint8Array(recordOctets - 41).fill(0xee));
  }
  return out.done();
}

/** A NetFlow v7 datagram. */
export function netflow7(records: readonly FixedRecord[], header: FixedHeader = {}): Uint8Array {
  const out = common(7, header.count ?? records.length, header.seconds ?? 1_796_256_000)
    .uint(4, header.sequence ?? 0)
    .uint(4, 0);
  for (const record of records) {
    begin(out, record);
    out
      .uint(1, 0)
      .uint(1, record.flags ?? 0x1b)
      .uint(1, record.protocol ?? 6)
      .uint(1, 0)
      .uint(2, 64_496)
      .uint(2, 64_497)
      .uint(4, 0)
      .bytes(ip4('192.0.2.254'));
  }
  return out.done();
}
