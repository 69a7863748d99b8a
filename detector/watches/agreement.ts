import { parseAddress } from '../../flow/address.js';
import type { CompiledClaims, CompiledRule } from '../claims/compiled.js';
import type { InboundSession } from './inbound.js';

/** What the claims say about a session that somebody else began: agreed at any time, in an agreed window, outside of it, forbidden, or nothing. */
export type Agreement = 'admitted' | 'in-window' | 'outside-window' | 'not-agreed' | 'unclaimed';

/** By the rules of `only` and `authorised` claims about the asset's fleet; peers that are told by name or MAC address count where their address may be meant. */
export function agreementOf(claims: CompiledClaims, asset: number, session: InboundSession): Agreement {
  const peer = parseAddress(session.peer);
  const atom = claims.atomOf(peer, 0);
  const { fleet } = claims.assets[asset]!;
  let spoken = false;
  let windowed = false;
  let outside = false;
  for (const claim of claims.claims) {
    if (claim.subject !== fleet || (claim.kind !== 'only' && claim.kind !== 'authorised')) continue;
    spoken = true;
    for (const rule of claim.rules) {
      if (!isMeant(rule, atom, session)) continue;
      if (rule.during === undefined) {
        if (claim.kind === 'only') return 'admitted';
        continue;
      }
      if (rule.during.some((window) => window.contains(session.startMs, session.endMs))) windowed = true;
      else outside = true;
    }
  }
  if (windowed) return 'in-window';
  if (outside) return 'outside-window';
  return spoken ? 'not-agreed' : 'unclaimed';
}

/** True where a window that claims about the fleet name is open at that time: equipment may be worked on. */
export function inAgreedWindow(claims: CompiledClaims, fleet: number, ms: number): boolean {
  return claims.claims.some(
    (claim) => claim.subject === fleet && claim.rules.some((rule) => rule.during?.some((window) => window.contains(ms, ms)) === true),
  );
}

function isMeant(rule: CompiledRule, atom: number, { protocol, port }: InboundSession): boolean {
  return rule.initiator !== 'subject' && rule.matchesPort(protocol, port) && rule.matchesPeer(atom);
}
