import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMetadataResponse } from '../../../flow/bus/kafka-topic-ids.js';

/** Metadata Response v10 as a broker of one node with one topic of one partition writes it; field by field as in the protocol guide. */
const response = Buffer.concat([
  Buffer.from([0]), // header: no tagged fields
  Buffer.from([0, 0, 0, 0]), // throttle_time_ms
  Buffer.from([2]), // one broker
  Buffer.from([0, 0, 0, 1, 2, 0x68, 0, 0, 0x23, 0x84, 0, 0]), // node 1, host "h", port 9092, rack null, no tags
  Buffer.from([4, 0x63, 0x69, 0x64]), // cluster_id "cid"
  Buffer.from([0, 0, 0, 1]), // controller_id
  Buffer.from([3]), // two topics
  Buffer.from([0, 0, 2, 0x74, ...Array(16).keys(), 0]), // no error, "t", id, not internal
  Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]), // one partition: error, index, leader, epoch
  Buffer.from([2, 0, 0, 0, 1, 2, 0, 0, 0, 1, 1, 0]), // replicas [1], isr [1], offline [], no tags
  Buffer.from([0x80, 0, 0, 0, 0]), // authorised operations, no tags
  Buffer.from([0, 3, 2, 0x75, ...Array(16).fill(0), 0, 1, 0x80, 0, 0, 0, 1, 7, 2, 9, 9]), // UNKNOWN_TOPIC_OR_PARTITION "u", with an unknown tag
  Buffer.from([0]),
]);

describe('topic ids', () => {
  it('reads the ids of topics without an error', () => {
    expect(decodeMetadataResponse(response)).toEqual(new Map([['t', Buffer.from([...Array(16).keys()]).toString('base64url')]]));
  });

  it('throws at every truncation inside the topics, and never hangs', () => {
    for (let length = 0; length < response.length - 1; length++) {
      expect(() => decodeMetadataResponse(response.subarray(0, length))).toThrow(RangeError);
    }
  });

  it('ends on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeMetadataResponse(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
