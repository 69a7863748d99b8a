import type { FlowBatch } from '../../../flow/batch.js';
import { Completion, Initiator, TRANSFERRED_OCTETS } from '../../../flow/columns.js';
import { type JsonObject, objectOf } from '../json-line.js';

const TCP = 6;
const SYN = 0x02;
const SEEN = 100;

/**
 * What a `flow` event knows beyond its flags and counters. Suricata's source is the client: the sender of the first packet, turned round where that
 * was a SYN+ACK; the answer's SYN in the flags shows it. A state of `new` is a TCP session without handshake; of TCP without flags, the state alone tells.
 */
export function settleFlow({ columns }: FlowBatch, row: number, event: JsonObject): void {
  const { octetDeltaCount, reverseOctetDeltaCount, completion, initiator, initiatorConfidence } = columns;
  if (columns.protocolIdentifier[row] !== TCP) return;
  const flags = columns.tcpControlBits[row]!;
  const reverseFlags = columns.reverseTcpControlBits[row]!;
  const state = objectOf(event.flow)?.state;
  if (state === 'new') {
    completion[row] = Completion.attempt;
  } else if ((flags | reverseFlags) === 0 && state === 'established') {
    const transferred = octetDeltaCount[row]! >= TRANSFERRED_OCTETS || reverseOctetDeltaCount[row]! >= TRANSFERRED_OCTETS;
    completion[row] = transferred ? Completion.transferred : Completion.established;
  }
  if ((flags & SYN) !== 0 && (reverseFlags & SYN) !== 0 && initiatorConfidence[row]! < SEEN) {
    initiator[row] = Initiator.source;
    initiatorConfidence[row] = SEEN;
  }
}
