import type { FlowBatch } from '../../flow/batch.js';
import { Completion, Initiator, TRANSFERRED_OCTETS } from '../../flow/columns.js';

const TCP = 6;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
/** FIN, SYN, RST, PSH, ACK, URG: without the congestion bits, which a SYN may carry (RFC 3168 §6.1.1). */
const STATE_FLAGS = 0x3f;

/** initiatorConfidence where the record itself shows who began. */
const SEEN = 100;

/**
 * initiatorConfidence where a biflow neither says how its direction was chosen nor shows it by a bare SYN. RFC 5103 §5 means the source to be the
 * initiator, and firewalls do so; softflowd puts the lower address first whoever began. So it is a convention, not something seen.
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

/** firewallEvent (element 233): the flow was denied, so its first packet got no further. */
const FLOW_DENIED = 3;

/** What a firewall denied was tried by the source, and came no further, whatever the record counts: that nothing came back is a fact, hence a biflow. */
export function settleDenied({ columns, length }: FlowBatch, from: number): void {
  const { firewallEvent, biflow, initiator, initiatorConfidence, completion } = columns;
  for (let row = from; row < length; row++) {
    if (firewallEvent[row] !== FLOW_DENIED) continue;
    initiator[row] = Initiator.source;
    initiatorConfidence[row] = SEEN;
    completion[row] = Completion.attempt;
    biflow[row] = 1;
  }
}

function orientBiflow(batch: FlowBatch, row: number, direction: number | undefined): void {
  const { initiator, initiatorConfidence, completion } = batch.columns;
  completion[row] = biflowCompletion(batch, row);
  const bareSyn = bareSynFrom(batch, row);
  if (bareSyn !== Initiator.unknown) {
    initiator[row] = bareSyn;
    initiatorConfidence[row] = SEEN;
  } else if (direction !== BIFLOW_ARBITRARY && direction !== BIFLOW_PERIMETER) {
    const reversed = direction === undefined ? !sent(batch, row) && answered(batch, row) : direction === BIFLOW_REVERSE_INITIATOR;
    initiator[row] = reversed ? Initiator.destination : Initiator.source;
    initiatorConfidence[row] = direction === undefined ? CONVENTION : SEEN;
  }
}

/** The end that sent a SYN and never an ACK: it began, and got no further. */
function bareSynFrom({ columns }: FlowBatch, row: number): number {
  if (columns.protocolIdentifier[row] !== TCP) return Initiator.unknown;
  if ((columns.tcpControlBits[row]! & (SYN | ACK)) === SYN) return Initiator.source;
  return (columns.reverseTcpControlBits[row]! & (SYN | ACK)) === SYN ? Initiator.destination : Initiator.unknown;
}

function sent({ columns }: FlowBatch, row: number): boolean {
  return columns.packetDeltaCount[row]! > 0 || columns.octetDeltaCount[row]! > 0;
}

function answered({ columns }: FlowBatch, row: number): boolean {
  return columns.reversePacketDeltaCount[row]! > 0 || columns.reverseOctetDeltaCount[row]! > 0;
}

/** How far an exchange came of which both directions were counted, whichever of them began. */
function biflowCompletion(batch: FlowBatch, row: number): number {
  const { protocolIdentifier, tcpControlBits, reverseTcpControlBits, octetDeltaCount, reverseOctetDeltaCount } = batch.columns;
  const transferred = Math.max(octetDeltaCount[row]!, reverseOctetDeltaCount[row]!) >= TRANSFERRED_OCTETS;
  const bothSent = sent(batch, row) && answered(batch, row);
  if (protocolIdentifier[row] !== TCP) {
    return transferred ? Completion.transferred : bothSent ? Completion.established : Completion.attempt;
  }
  const bareSyn = bareSynFrom(batch, row);
  const reply = bareSyn === Initiator.source ? reverseTcpControlBits[row]! : tcpControlBits[row]!;
  if (bareSyn !== Initiator.unknown && (!bothSent || (reply & (SYN | RST)) === RST)) return Completion.attempt;
  if (!bothSent) return Completion.unknown; // a slice of a longer connection: the other direction was silent in it
  return transferred ? Completion.transferred : Completion.established;
}
