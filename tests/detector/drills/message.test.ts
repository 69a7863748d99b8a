import { describe, expect, it } from 'vitest';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { drillMessage } from '../../../detector/drills/message.js';
import { formatAddress } from '../../../flow/address.js';
import { decodeAll } from '../../collector/decoders/decode-all.js';

const AT = 1_796_292_300_000;

describe('a drill’s flow record is one IPFIX message: template, then the record of three small packets', () => {
  it.each([
    ['10.40.10.11', '192.0.2.10', 120],
    ['2001:db8:40::11', '2001:db8:ffff::10', 180],
  ])('%s to %s', (source, destination, octets) => {
    const message = drillMessage({ source, destination, sourcePort: 4000, destinationPort: 5000, atMs: AT }, 7);
    expect([message.readUInt16BE(0), message.readUInt16BE(2), message.readUInt32BE(12)]).toEqual([10, message.length, 7]);
    const { batch, reports, rows, faults } = decodeAll(createExportDecoder(), [message]);
    expect([rows, faults.counts, reports[0]!.recordsUndecodable]).toEqual([1, {}, 0]);
    const { columns } = batch;
    expect([formatAddress(columns.sourceIPv6Address.bytes), formatAddress(columns.destinationIPv6Address.bytes)]).toEqual([
      source,
      destination,
    ]);
    expect([columns.sourceTransportPort[0], columns.destinationTransportPort[0], columns.protocolIdentifier[0]]).toEqual([4000, 5000, 17]);
    expect([columns.octetDeltaCount[0], columns.packetDeltaCount[0]]).toEqual([octets, 3]);
    expect([columns.flowStartMilliseconds[0], columns.flowEndMilliseconds[0]]).toEqual([AT, AT]);
  });
});
