import { MessageFramer } from '../../collector/inputs/message-framer.js';
import { type FuzzTarget, magnitude, mustBe } from './target.js';

/** A connection's octets, which come in any pieces: what is cut out of them does not depend on the pieces, and is no more than came. */
export function streamTarget(name: string, seeds: readonly (readonly Uint8Array[])[]): FuzzTarget {
  return {
    name,
    kind: 'bytes',
    seeds,
    run(input) {
      const whole = new Uint8Array(Buffer.concat(input));
      const inPieces = cut(input);
      const atOnce = cut([whole]);
      const octetByOctet = cut(Array.from(whole.subarray(0, 4096), (_, index) => whole.subarray(index, index + 1)));
      mustBe(inPieces.messages.equals(atOnce.messages) && inPieces.broken === atOnce.broken, 'messages do not depend on the pieces');
      mustBe(atOnce.messages.subarray(0, octetByOctet.messages.length).equals(octetByOctet.messages), 'nor on the smallest pieces');
      mustBe(atOnce.messages.length <= whole.length, 'what is handed on has come');
      return `${atOnce.broken} ${magnitude(atOnce.count)} ${magnitude(atOnce.messages.length)}`;
    },
  };
}

function cut(chunks: readonly Uint8Array[]): { readonly messages: Buffer; readonly count: number; readonly broken: boolean } {
  const framer = new MessageFramer();
  const messages: Buffer[] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    for (let message = framer.take(); message !== undefined; message = framer.take()) messages.push(Buffer.from(message));
  }
  return { messages: Buffer.concat(messages), count: messages.length, broken: framer.broken };
}
