import type { FlowDecoder } from '../../contracts.js';
import { createFixedRecordDecoder, type FixedRecordFormat } from '../fixed-records.js';
import type { ListenerOption } from '../message-context.js';

/** NetFlow v5 (Cisco, "NetFlow Export Datagram Format", version 5): the header of fixed-records.ts, then records of 48 octets. */
export const NETFLOW5_VERSION = 5;

const FORMAT: FixedRecordFormat = {
  protocol: 'netflow5',
  version: NETFLOW5_VERSION,
  headerOctets: 24,
  hasSampling: true,
  mostRecords: 30,
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
    [0, 1], // padding
    [6, 1], // TCP flags
    [4, 1], // protocol
    [5, 1], // type of service
    [16, 2], // source AS
    [17, 2], // destination AS
    [9, 1], // source mask length
    [13, 1], // destination mask length
    [0, 2], // padding
  ],
};

/** Decoder of NetFlow v5. */
export function createNetflow5Decoder(options: ListenerOption = {}): FlowDecoder {
  return createFixedRecordDecoder(FORMAT, options);
}
