import type { FlowDecoder } from '../../contracts.js';
import { createFixedRecordDecoder, type FixedRecordFormat } from '../fixed-records.js';
import type { ListenerOption } from '../message-context.js';

/**
 * NetFlow v7 (Cisco Catalyst 5000 and 6000; "NetFlow Export Datagram Format", version 7): the header of fixed-records.ts without sampling, then
 * records of 52 octets: those of v5, with flags that say which fields are not filled in, and the address of the router that the switch bypasses.
 */
export const NETFLOW7_VERSION = 7;

const FORMAT: FixedRecordFormat = {
  protocol: 'netflow7',
  version: NETFLOW7_VERSION,
  headerOctets: 24,
  hasSampling: false,
  mostRecords: 28,
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
    [0, 1], // flags: which fields are invalid; those are zero
    [6, 1], // TCP flags
    [4, 1], // protocol
    [5, 1], // type of service
    [16, 2], // source AS
    [17, 2], // destination AS
    [9, 1], // source mask length
    [13, 1], // destination mask length
    [0, 2], // flags
    [43, 4], // router bypassed
  ],
};

/** Decoder of NetFlow v7. */
export function createNetflow7Decoder(options: ListenerOption = {}): FlowDecoder {
  return createFixedRecordDecoder(FORMAT, options);
}
