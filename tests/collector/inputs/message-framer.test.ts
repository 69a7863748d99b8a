import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageFramer } from '../../../collector/inputs/message-framer.js';
import { ipfix } from '../decoders/build-ipfix.js';

function messageOf(octets: number, sequence: number): Uint8Array {
  return ipfix([new Uint8Array(octets - 16).fill(sequence)], { sequence });
}

/** Gives the stream in pieces of these sizes, again and again, and collects copies of what comes out. */
function cut(stream: Uint8Array, sizes: readonly number[]): { messages: Uint8Array[]; framer: MessageFramer } {
  const framer = new MessageFramer();
  const messages: Uint8Array[] = [];
  for (let at = 0, i = 0; at < stream.length && !framer.broken; i++) {
    const size = sizes[i % sizes.length]!;
    framer.push(stream.subarray(at, at + size));
    at += size;
    for (let message = framer.take(); message !== undefined; message = framer.take()) messages.push(message.slice());
  }
  return { messages, framer };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

describe('messages in a stream', () => {
  test('are the same however the stream is cut', () => {
    const length = fc.oneof(fc.integer({ min: 16, max: 400 }), fc.constantFrom(16, 65_535));
    fc.assert(
      fc.property(
        fc.array(length, { maxLength: 12 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70_000 })), { minLength: 1, maxLength: 6 }),
        (lengths, sizes) => {
          const sent = lengths.map(messageOf);
          const { messages, framer } = cut(join(sent), sizes);
          expect(messages.length).toBe(sent.length);
          for (const [i, message] of messages.entries()) expect(Buffer.compare(message, sent[i]!)).toBe(0);
          expect([framer.broken, framer.waits, framer.rest().length]).toEqual([false, false, 0]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a message within one chunk is a view of it, not a copy', () => {
    const stream = join([messageOf(40, 1), messageOf(50, 2)]);
    const framer = new MessageFramer();
    framer.push(stream);
    const [first, second] = [framer.take()!, framer.take()!];
    expect([first.buffer === stream.buffer, second.buffer === stream.buffer]).toEqual([true, true]);
  });

  test('half a message is kept, to be told as what it is', () => {
    const whole = messageOf(100, 3);
    for (const sizes of [[1], [3], [4], [60], [99]]) {
      const { messages, framer } = cut(whole.subarray(0, 99), sizes);
      expect([messages.length, framer.waits]).toEqual([0, true]);
      expect(framer.rest()).toEqual(whole.subarray(0, 99));
    }
  });

  test.each([
    ['another version', Uint8Array.of(0, 9, 0, 40)],
    ['a length below the header', Uint8Array.of(0, 10, 0, 15)],
    ['a request of another protocol', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')],
  ])('%s breaks the stream for good, whichever octet it is cut at', (_name, wrong) => {
    const good = messageOf(30, 1);
    for (const sizes of [[1], [2], [31], [1000]]) {
      const { messages, framer } = cut(join([good, wrong, good]), sizes);
      expect(messages).toEqual([good]);
      expect(framer.broken).toBe(true);
      expect(framer.rest().subarray(0, 4)).toEqual(wrong.subarray(0, 4));
      framer.push(good);
      expect(framer.take()).toBeUndefined();
    }
  });

  test('random octets never hang it, and whatever comes out is a message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (octets, sizes) => {
        for (const message of cut(octets, sizes).messages) {
          expect([message[0], message[1], message.length]).toEqual([0, 10, (message[2]! << 8) | message[3]!]);
        }
      }),
    );
  });
});
