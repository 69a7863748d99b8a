import { formatDuration } from '../../flow/time.js';
import { type CompiledClaim, type CompiledRule, type CompiledVia, Truth } from '../claims/compiled.js';
import { matchesShape } from '../detections/claims/claim-plan.js';
import { Began } from '../detections/observed-record.js';
import { type CellState, type Exchange, type Named, SILENT, UNNAMED } from './exchange-state.js';

/*
 * What claims of the kinds `via` and `works_without` say of one kind of exchange, comparable between files. A `via` claim forbids and allows sessions that
 * come to the subject, some of them only beside another session. A `works_without` claim forbids nothing: what it says of an exchange is whether that ends a
 * stretch without the peer, and whether it shows that the equipment works.
 */

/** A set of peers, as prefixes in the shortest words; equal where the addresses are. */
export type PeersWhere = (matches: (atom: number) => boolean) => readonly string[];

/** Prefixes that words list; the signature holds all. */
const SHOWN_PEERS = 6;

/** Undefined where the claim has nothing to say: what the subject begins, other ends and ports, peers that are neither. `subject` is the atom of the end that is reached. */
export function viaState(
  via: CompiledVia,
  subject: number,
  { atom, protocol, port, began }: Exchange,
  exceptions: readonly Named[],
  peersWhere: PeersWhere,
): CellState | undefined {
  if (began !== Began.peer || !via.to.matchesPeer(subject) || !via.to.matchesPort(protocol, port)) return undefined;
  if (via.jump.matchesPeer(atom)) {
    return via.inboundSeen ? { ...SILENT, broken: 'unaccompanied', windows: [companyOf(via, peersWhere)], exceptions } : undefined;
  }
  const truth = via.from.peerTruth(atom, UNNAMED);
  if (truth === Truth.unknown) return { ...SILENT, undecided: [via.from.unknownBy(atom)], exceptions };
  return truth === Truth.yes ? { ...SILENT, broken: 'always', exceptions } : undefined;
}

function companyOf({ entry, skewMs }: CompiledVia, peersWhere: PeersWhere): Named {
  const peers = peersWhere((atom) => entry.peerTruth(atom, UNNAMED) !== Truth.no);
  const more = peers.length > SHOWN_PEERS ? ` and ${peers.length - SHOWN_PEERS} more` : '';
  const within = skewMs === 0 ? '' : ` (within ${formatDuration(skewMs)})`;
  return {
    name: `a session from ${peers.slice(0, SHOWN_PEERS).join(', ')}${more} on the same jump host${within}`,
    signature: JSON.stringify([skewMs, peers]),
  };
}

/** Undefined where the claim is of another kind. */
export function islandState({ island }: CompiledClaim, exchange: Exchange): CellState | undefined {
  if (island === undefined) return undefined;
  const [contact, alive] = [truthOf(island.contact, exchange), truthOf(island.alive, exchange)];
  const counts = [...(contact === Truth.no ? [] : ['contact']), ...(alive === Truth.no ? [] : ['a sign that it works'])];
  const undecided = [
    ...(contact === Truth.unknown ? [island.contact.unknownBy(exchange.atom)] : []),
    ...(alive === Truth.unknown ? [island.alive.unknownBy(exchange.atom)] : []),
  ];
  return { ...SILENT, counts, undecided: [...new Set(undecided)].sort() };
}

function truthOf(rule: CompiledRule, { atom, protocol, port, began }: Exchange): number {
  return matchesShape(rule, protocol, port, began) ? rule.peerTruth(atom, UNNAMED) : Truth.no;
}
