import { describe, expect, it } from 'vitest';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { formatAddress } from '../../../flow/address.js';
import { netflow1, netflow7 } from './build-fixed-records.js';
import { decodeAll } from './decode-all.js';

const EXPORT_MS = 1_796_256_000_000;

describe('NetFlow v1', () => {
  it.each([48, 52])('reads records of %i octets: flags and protocol are not where v5 has them', (octets) => {
    const { batch, faults, reports } = decodeAll(createExportDecoder(), [
      netflow1([{ flags: 0x02 }, { protocol: 1, flags: 0, destinationPort: 2048, octets: 84 }], {}, octets),
    ]);
    const { columns } = batch;
    expect(faults.counts).toEqual({});
    expect(formatAddress(columns.sourceIPv6Address.bytes)).toBe('192.0.2.10');
    expect([columns.protocolIdentifier[0], columns.tcpControlBits[0], columns.initiator[0], columns.completion[0]]).toEqual([6, 2, 1, 1]);
    expect([columns.icmpTypeCode[1], columns.destinationTransportPort[1], columns.octetDeltaCount[1]]).toEqual([2048, 0, 84]);
    expect([columns.flowStartMilliseconds[0], columns.flowEndMilliseconds[0]]).toEqual([EXPORT_MS - 10_000, EXPORT_MS - 5000]);
    expect([columns.samplingInterval[0], columns.ingressInterface[0], columns.egressInterface[0]]).toEqual([0, 1, 2]);
    expect(reports[0]).toMatchObject({
      protocol: 'netflow1',
      observationDomainId: 0,
      sequenceNumber: 0,
      recordsAnnounced: 2,
      recordsDecoded: 2,
    });
  });

  it('a count that the bytes do not hold makes no rows of nothing', () => {
    const { rows, reports, faults } = decodeAll(createExportDecoder(), [netflow1([{}], { count: 3 }), netflow1([{}], { count: 65_535 })]);
    expect(rows).toBe(1);
    expect(reports.map(({ recordsMalformed, malformed }) => [recordsMalformed, malformed])).toEqual([
      [2, true],
      [1, true],
    ]);
    expect(faults.counts).toEqual({ 'record-truncated': 2, 'record-count': 1 });
  });
});

describe('NetFlow v7', () => {
  it('reads records of 52 octets, AS numbers and the sequence number', () => {
    const { batch, faults, reports } = decodeAll(createExportDecoder(), [netflow7([{}, { octets: 99 }], { sequence: 77 })]);
    const { columns } = batch;
    expect(faults.counts).toEqual({});
    expect([...columns.octetDeltaCount.subarray(0, 2)]).toEqual([180, 99]);
    expect([columns.tcpControlBits[1], columns.protocolIdentifier[1]]).toEqual([0x1b, 6]);
    expect([columns.bgpSourceAsNumber[1], columns.bgpDestinationAsNumber[1]]).toEqual([64_496, 64_497]);
    expect(columns.exportProtocol.dictionary.name(columns.exportProtocol.codes[0]!)).toBe('netflow7');
    expect(reports[0]).toMatchObject({ sequenceNumber: 77, recordsAnnounced: 2 });
  });
});
