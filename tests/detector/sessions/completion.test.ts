import { describe, expect, it } from 'vitest';
import { exampleClaims } from '../../../detector/detections/example-claims.js';
import { Began, LEVEL_COMPLETION } from '../../../detector/detections/observed-record.js';
import { sessionLevel } from '../../../detector/sessions/completion.js';
import { icmpInitiator, initiatorByPorts } from '../../../detector/sessions/orientation.js';
import { claimsOf, flagsOf } from '../support/rows.js';

interface Case {
  out?: string;
  in?: string;
  packetsOut?: number;
  packetsIn?: number;
  octets?: number;
  protocol?: number;
  biflow?: boolean;
  initiator?: number;
}

function completion(one: Case): string {
  const counts = {
    protocol: one.protocol ?? 6,
    flagsOut: flagsOf(one.out ?? ''),
    flagsIn: flagsOf(one.in ?? ''),
    packetsOut: one.packetsOut ?? (one.out === undefined ? 0 : 3),
    packetsIn: one.packetsIn ?? (one.in === undefined ? 0 : 3),
    estimateOut: one.octets ?? 200,
    estimateIn: 200,
    biflow: one.biflow ?? false,
    told: 0,
  };
  return LEVEL_COMPLETION[sessionLevel(counts, one.initiator ?? Began.asset)]!;
}

describe('completion of a session', () => {
  it.each<[string, Case, string]>([
    ['a SYN alone', { out: 'S' }, 'attempt'],
    ['a SYN refused by RST', { out: 'S', in: 'RA' }, 'attempt'],
    ['a half-open scan: the answer was never acknowledged', { out: 'SR', in: 'SA' }, 'attempt'],
    ['both directions', { out: 'SAPF', in: 'SAPF' }, 'established'],
    ['the initiator’s one-way record acknowledges', { out: 'SAPF' }, 'established'],
    ['the responder’s one-way record alone only offers', { in: 'SA' }, 'unknown'],
    ['the responder’s one-way record carries data', { in: 'SAP' }, 'established'],
    ['the refusal alone, its SYN unseen', { in: 'RA' }, 'attempt'],
    ['the middle of a long exchange', { out: 'A', in: 'AP' }, 'established'],
    ['the tail of one: data, then RST', { out: 'AP', in: 'RA' }, 'established'],
    ['ten kilobytes', { out: 'SAPF', in: 'SAPF', octets: 10_000 }, 'transferred'],
    ['ten kilobytes of SYNs are no transfer', { out: 'S', octets: 10_000 }, 'attempt'],
    ['flags not kept, both directions', { out: '', in: '' }, 'established'],
    ['UDP answered', { protocol: 17, packetsOut: 1, packetsIn: 1 }, 'established'],
    ['UDP unanswered, and the exporter would have seen it', { protocol: 17, packetsOut: 1, biflow: true }, 'attempt'],
    ['UDP one way', { protocol: 17, packetsOut: 1 }, 'unknown'],
    ['UDP one way, ten kilobytes that have left', { protocol: 17, packetsOut: 9, octets: 12_000 }, 'transferred'],
  ])('%s', (_name, one, expected) => {
    expect(completion(one)).toBe(expected);
  });
});

describe('initiator by ports', () => {
  const claims = claimsOf(exampleClaims('{ only: [ { peer: { any: true }, ports: [tcp/40000] } ] }'));
  it.each([
    ['the claimed port responds', 40_000, 22, 'peer'],
    ['the well-known port responds', 30_000, 443, 'asset'],
    ['below the ephemeral range responds', 8443, 50_000, 'peer'],
    ['two ephemeral ports tell nothing', 50_000, 60_000, 'unknown'],
    ['equal ports tell nothing', 123, 123, 'unknown'],
  ])('%s', (_name, assetPort, peerPort, expected) => {
    const began = initiatorByPorts(claims, 6, assetPort, peerPort, 0, 0);
    expect(['unknown', 'asset', 'peer'][began]).toBe(expected);
    // Seen from the other end it is the other one.
    const mirrored = initiatorByPorts(claims, 6, peerPort, assetPort, 0, 0);
    expect(['unknown', 'peer', 'asset'][mirrored]).toBe(expected);
  });

  it('an ICMP question is asked by its sender', () => {
    expect(icmpInitiator(1, 8 << 8, true)).toBe(Began.asset);
    expect(icmpInitiator(58, 128 << 8, false)).toBe(Began.peer);
    expect(icmpInitiator(1, 3 << 8, true)).toBe(Began.unknown);
  });
});
