import type { FlowBatch } from '../../../flow/batch.js';
import type { Faults, FlowDecoder, MessageReport, Origin } from '../../contracts.js';
import { readU16 } from '../bytes.js';
import { createFixedRecordDecoder, type FixedRecordFormat } from '../fixed-records.js';
import type { ListenerOption } from '../message-context.js';

/**
 * NetFlow v1 (Cisco, "NetFlow Export Datagram Format", version 1): the header of fixed-records.ts up to the nanoseconds, then records. It has no
 * sequence numbers, so nobody can see what of it was lost.
 *
 * Records have 48 octets (Cisco's C header; flow-tools, nfdump and Wireshark read them so), but exporters built after the tables in vendors' manuals
 * (Extreme: eleven octets of padding) send 52. A datagram whose length fits 52 exactly is read that way.
 */
export const NETFLOW1_VERSION = 1;
const HEADER_OCTETS = 16;
const LONG_RECORD_OCTETS = 52;
/** After the TCP flags: retransmission counters and padding. */
const TAIL_OCTETS = 7;

function formatWithTail(tailOctets: number): FixedRecordFormat {
  return {
    protocol: 'netflow1',
    version: NETFLOW1_VERSION,
    headerOctets: HEADER_OCTETS,
    hasSampling: false,
    mostRecords: 24,
    fields: [
      [8, 4], // source address
      [12, 4], // destination address
      [15, 4], // next hop
      [10, 2], // ifIndex in
      [14, 2], // ifIndex out
      [2, 4], // packets
      [1, 4], // octets
      [22, 4], // sysUptime at the first packet
      [21, 4], // sysUptime at the last packet
      [7, 2], // source port
      [11, 2], // destination port; ICMP type * 256 + code
      [0, 2], // padding
      [4, 1], // protocol
      [5, 1], // type of service
      [6, 1], // TCP flags
      [0, tailOctets],
    ],
  };
}

/** Decoder of NetFlow v1. */
export function createNetflow1Decoder(options: ListenerOption = {}): FlowDecoder {
  const usual = createFixedRecordDecoder(formatWithTail(TAIL_OCTETS), options);
  const long = createFixedRecordDecoder(formatWithTail(TAIL_OCTETS + 4), options);
  return {
    decode(payload: Uint8Array, origin: Origin, into: FlowBatch, report: MessageReport, faults: Faults): number {
      const count = payload.length < HEADER_OCTETS ? 0 : readU16(payload, 2);
      const isLong = count > 0 && payload.length === HEADER_OCTETS + count * LONG_RECORD_OCTETS;
      return (isLong ? long : usual).decode(payload, origin, into, report, faults);
    },
  };
}
