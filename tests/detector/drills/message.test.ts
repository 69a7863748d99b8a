import { expect, it } from 'vitest';
import { drillMessage } from '../../../detector/drills/message.js';

it('a drill’s flow record is one IPFIX message: template, then the record of three small packets', () => {
  const message = drillMessage(
    { source: '10.40.10.11', destination: '192.0.2.10', sourcePort: 4000, destinationPort: 5000, atMs: 1_796_292_300_000 },
    7,
  );
  expect([message.readUInt16BE(0), message.readUInt16BE(2), message.readUInt32BE(12)]).toEqual([10, message.length, 7]);
  const record = message.subarray(16 + 8 + 9 * 4);
  expect([record.readUInt16BE(0), record.readUInt16BE(2)]).toEqual([256, record.length]);
  expect([Number(record.readBigUInt64BE(4)), Number(record.readBigUInt64BE(12)), record[20]]).toEqual([120, 3, 17]);
  expect([...record.subarray(21, 29)]).toEqual([10, 40, 10, 11, 192, 0, 2, 10]);
  expect([record.readUInt16BE(29), record.readUInt16BE(31)]).toEqual([4000, 5000]);
});
