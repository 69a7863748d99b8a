import type { FlowBatch } from '../../flow/batch.js';
import { Completion, Initiator } from '../../flow/columns.js';

const TCP = 6;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
/** FIN, SYN, RST, PSH, ACK, URG: without the congestion bits, which a SYN may carry (RFC 3168 §6.1.1). */
const STATE_FLAGS = 0x3f;

/** Octets one way from which an exchange counts as a transfer (reference: detection.md P6). */
export const TRANSFER_OCTETS = 10_000;
/** initiatorConfidence where the record itself shows who began. */
const SEEN = 100;

/**
 * initiatorConfidence where a biflow does not say how its direction was chosen. RFC 5103 §5 means the source to be the initiator, and firewalls do so;
 * softflowd puts the lower address first whoever began (fixtures/PROVENANCE.md). So it is a convention, not something seen.
 */
const CONVENTION = 50;

/** biflowDirection, element 239 (RFC 5103 §6.3). */
const BIFLOW_ARBITRARY = 0;
const BIFLOW_REVERSE_INITIATOR = 2;
const BIFLOW_PERIMETER = 3;

/**
 * Fills initiator, initiatorConfidence and completion of the rows `from` to `to` from what each record itself tells, and nothing else: a record
 * of one direction whose flags do not show a bare SYN stays unknown. `biflowDirections`, indexed by row, is given when the template has it.
 */
export function orientRows(batch: FlowBatch, from: number, to: number, biflowDirections?: Uint8Array): void {
  const { biflow, protocolIdentifier, tcpControlBits, initiator, initiatorConfidence, completion } = batch.columns;
  for (let row = from; row < to; row++) {
    if (biflow[row] === 1) {
      orientBiflow(batch, row, biflowDirections?.[row]);
    } else if (protocolIdentifier[row] === TCP && (tcpControlBits[row]! & (SYN | ACK)) === SYN) {
      initiator[row] = Initiator.source;
      initiatorConfidence[row] = SEEN;
      if ((tcpControlBits[row]! & STATE_FLAGS) === SYN) completion[row] = Completion.attempt;
    }
  }
}

function orientBiflow(batch: FlowBatch, row: number, direction: number | undefined): void {
  const { initiator, initiatorConfidence, completion } = batch.columns;
  completion[row] = biflowCompletion(batch, row);
  if (direction === BIFLOW_ARBITRARY || direction === BIFLOW_PERIMETER) return;
  initiator[row] = direction === BIFLOW_REVERSE_INITIATOR ? Initiator.destination : Initiator.source;
  initiatorConfidence[row] = direction === undefined ? CONVENTION : SEEN;
}

/** How far an exchange came of which both directions were counted. */
function biflowCompletion(batch: FlowBatch, row: number): number {
  const c = batch.columns;
  const octets = Math.max(c.octetDeltaCount[row]!, c.reverseOctetDeltaCount[row]!);
  const answered = c.reversePacketDeltaCount[row]! > 0 || c.reverseOctetDeltaCount[row]! > 0;
  const asked = c.packetDeltaCount[row]! > 0 || c.octetDeltaCount[row]! > 0;
  if (c.protocolIdentifier[row] !== TCP) {
    if (octets >= TRANSFER_OCTETS) return Completion.transferred;
    return answered && asked ? Completion.established : Completion.attempt;
  }
  const forward = c.tcpControlBits[row]!;
  const backward = c.reverseTcpControlBits[row]!;
  const refused = (backward & (SYN | RST)) === RST && (forward & (SYN | ACK)) === SYN;
  if (refused || (!answered && (forward & (SYN | ACK)) === SYN)) return Completion.attempt;
  if (!answered || !asked) return Completion.unknown; // a slice of a longer connection: the other direction was silent in it
  return octets >= TRANSFER_OCTETS ? Completion.transferred : Completion.established;
}
