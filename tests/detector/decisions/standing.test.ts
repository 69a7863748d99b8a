import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../detector/decisions/decision.js';
import { acknowledge, approve, close, type Deciding, reopen, revoke, scopeOf } from '../../../detector/decisions/request.js';
import { isInPrefix, isInScope, scopeText } from '../../../detector/decisions/scope.js';
import { DecisionIndex } from '../../../detector/decisions/standing.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import { findingOf, SEEN_MS } from '../support/findings.js';

const NOW = SEEN_MS + DAY_MS;
const by = (more: Partial<Deciding> = {}): Deciding => ({
  author: 'eve',
  reason: 'looked into it',
  atMs: NOW,
  effectiveMs: SEEN_MS + HOUR_MS,
  ...more,
});
const standing = (finding: Finding, decisions: readonly Decision[], nowMs = NOW + 1) =>
  new DecisionIndex(decisions).standing(finding, nowMs);
const shortly = (finding: Finding, decisions: readonly Decision[], nowMs?: number) => {
  const { state, word, muted } = standing(finding, decisions, nowMs);
  return [state, word, muted];
};

describe('a finding', () => {
  const finding = findingOf();

  it('is open until somebody decides, and what is decided of another does not touch it', () => {
    expect(shortly(finding, [])).toEqual(['open', '', false]);
    expect(shortly(findingOf({ id: 'b2', peerAddress: '198.51.100.1' }), [acknowledge(finding, by())])).toEqual(['open', '', false]);
  });

  it('that was acknowledged stays so while it grows, and comes back when it gets graver', () => {
    const decided = [acknowledge(finding, by())];
    expect(shortly({ ...finding, revision: 9, records: 900 }, decided)).toEqual(['acknowledged', '', false]);
    expect(standing({ ...finding, severity: 'high' }, decided)).toMatchObject({
      state: 'open',
      why: 'graver than when it was acknowledged: high, then low',
    });
  });

  it('closed as incident comes back when it is seen after the time from which the detector has forgotten it', () => {
    const decided = [close(finding, 'incident', by(), undefined)];
    expect(shortly(finding, decided)).toEqual(['closed', 'incident', false]);
    expect(shortly({ ...finding, lastSeenMs: SEEN_MS + HOUR_MS, revision: finding.revision + 1 }, decided)).toEqual(['open', '', false]);
  });

  it('of records that are later than the clock of whoever closes it as incident stays closed until there are more of them', () => {
    const ahead = { ...finding, lastSeenMs: NOW + 14 * DAY_MS };
    const decided = [close(ahead, 'incident', by(), undefined)];
    expect(shortly(ahead, decided)).toEqual(['closed', 'incident', false]);
    expect(shortly({ ...ahead, revision: ahead.revision + 1 }, decided)).toEqual(['open', '', false]);
  });

  it('closed as noise mutes the same elsewhere, now, for what is stored, and until the date only', () => {
    const decided = [close(finding, 'noise', by(), NOW + DAY_MS)];
    const tomorrow = findingOf({ id: 'c3', firstSeenMs: SEEN_MS + DAY_MS, lastSeenMs: SEEN_MS + DAY_MS });
    expect(shortly(finding, decided)).toEqual(['closed', 'noise', false]);
    expect(shortly(tomorrow, decided)).toEqual(['closed', 'noise', true]);
    expect(shortly(findingOf({ id: 'd4', port: 22 }), decided)).toEqual(['open', '', false]);
    expect(shortly(tomorrow, decided, NOW + DAY_MS)).toEqual(['open', '', false]);
    expect(standing(finding, decided, NOW + DAY_MS).why).toBe('closed as noise until a date that has passed');
    expect(new DecisionIndex(decided).mutes(NOW)).toEqual(decided);
    expect(new DecisionIndex(decided).mutes(NOW + DAY_MS)).toEqual([]);
    expect(new DecisionIndex(decided).mutes(NOW + DAY_MS, true)).toEqual(decided);
  });

  it('reopened is open, and the mutes that closing it made have ended', () => {
    const mute = close(finding, 'noise', by(), NOW + DAY_MS);
    const decided = [mute, reopen(finding, by({ atMs: NOW + 1 }))];
    const other = findingOf({ id: 'c3' });
    expect([shortly(finding, decided, NOW + 2), shortly(other, decided, NOW + 2)]).toEqual([
      ['open', '', false],
      ['open', '', false],
    ]);
    const again = [...decided, close(finding, 'expected', by({ atMs: NOW + 2 }), NOW + DAY_MS)];
    expect([shortly(finding, again, NOW + 3), shortly(other, again, NOW + 3)]).toEqual([
      ['closed', 'expected', false],
      ['closed', 'expected', true],
    ]);
  });

  it('is as before when a mute was ended early', () => {
    const mute = close(finding, 'noise', by(), NOW + DAY_MS);
    const decided = [mute, revoke(mute, by({ atMs: NOW + 1 }))];
    expect(shortly(finding, decided, NOW + 2)).toEqual(['open', '', false]);
    expect(new DecisionIndex(decided).mutes(NOW + 2, true)).toEqual([]);
    expect(new DecisionIndex(decided).all).toEqual(decided);
  });
});

describe('a decision', () => {
  const finding = findingOf();

  it('needs an author, a reason in one plain line, and an end where it hides something', () => {
    expect(() => acknowledge(finding, by({ reason: '  ' }))).toThrow('--reason');
    expect(() => acknowledge(finding, by({ author: '' }))).toThrow('--author');
    expect(() => acknowledge(finding, by({ reason: 'a\u202eb' }))).toThrow('control characters');
    expect(() => acknowledge(finding, by({ reason: 'x'.repeat(301) }))).toThrow('longer than 300');
    expect(() => close(finding, 'noise', by(), undefined)).toThrow('--until');
    expect(() => close(finding, 'expected', by(), NOW)).toThrow('has passed');
    expect(() => close(finding, 'incident', by(), NOW + DAY_MS)).toThrow('no end date');
  });

  it('has an id that everything it says goes into', () => {
    const ids = [
      acknowledge(finding, by()),
      acknowledge(finding, by({ author: 'bob' })),
      acknowledge(finding, by({ effectiveMs: 0 })),
      close(finding, 'noise', by(), NOW + 1),
      close(finding, 'noise', by(), NOW + 1, { anyPort: true }),
      approve('scan-01', 'scanners', [], by()),
      approve('scan-01', 'scanners', ['203.0.113.0/24'], by()),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(acknowledge(finding, by()).id).toBe(ids[0]);
  });

  it('of an approval names prefixes in one way, once', () => {
    const { accepted } = approve('scan-01', 'scanners', ['203.0.113.7/32', '203.0.113.7', '2001:0db8::/32', '198.51.100.0/24'], by());
    expect(accepted).toEqual(['198.51.100.0/24', '2001:db8::/32', '203.0.113.7']);
    expect(() => approve('scan-01', 'scanners', ['203.0.113.7/24'], by())).toThrow('host bits');
  });
});

describe('a scope', () => {
  it('holds the finding it is made from, and as much more as it was widened by', () => {
    const finding = findingOf();
    const neighbour = findingOf({ peerAddress: '203.0.113.200' });
    const sister = findingOf({ asset: 'scan-02' });
    const other = findingOf({ detection: 'beacon', port: 8443 });
    expect([finding, neighbour, sister, other].map((one) => isInScope(one, scopeOf(finding)))).toEqual([true, false, false, false]);
    expect(isInScope(neighbour, scopeOf(finding, { peerGroup: true }))).toBe(true);
    expect(isInScope(sister, scopeOf(finding, { fleet: true }))).toBe(true);
    expect(isInScope(other, scopeOf(finding, { anyDetection: true, anyPort: true }))).toBe(true);
    expect(isInScope(findingOf({ peerAddress: '10.9.9.9' }), scopeOf(finding, { anyPeer: true }))).toBe(true);
    expect(() => scopeOf(finding, { anyPeer: true, peerGroup: true })).toThrow('give one');
    expect(scopeOf(findingOf({ peerAddress: '2001:db8:7:1::9' }), { peerGroup: true }).peer).toBe('2001:db8:7::/48');
  });

  it('of a time of day holds what lies in it from beginning to end, by the clock of the zone, over midnight and when clocks change', () => {
    const night = { timezone: 'Europe/Amsterdam', minuteFrom: 22 * 60, minuteUntil: 6 * 60 };
    const within = (from: string, minutes: number): boolean => {
      const firstSeenMs = Date.parse(from);
      const finding = findingOf({ firstSeenMs, lastSeenMs: firstSeenMs + minutes * MINUTE_MS });
      return isInScope(finding, { ...scopeOf(finding), ...night });
    };
    expect(within('2026-12-03T21:00:00Z', 60)).toBe(true); // 22:00 there
    expect(within('2026-12-03T20:59:00Z', 1)).toBe(false);
    expect(within('2026-12-03T21:00:00Z', 8 * 60)).toBe(true);
    expect(within('2026-12-03T21:00:00Z', 8 * 60 + 1)).toBe(false);
    expect(within('2026-07-03T20:00:00Z', 60)).toBe(true); // summer time
    expect(within('2026-12-04T01:00:00Z', 24 * 60)).toBe(false);
    expect(() => close(findingOf(), 'noise', by(), NOW + 1, { between: night })).toThrow('does not lie in that time of day');
    expect(() => scopeOf(findingOf(), { between: { ...night, timezone: 'Mars/Olympus' } })).toThrow('no time zone');
  });

  it('says in words what it holds', () => {
    expect(
      scopeText(scopeOf(findingOf(), { peerGroup: true, fleet: true, between: { timezone: 'UTC', minuteFrom: 630, minuteUntil: 1 } })),
    ).toBe('new-destination: every asset of scanners with 203.0.113.0/24 protocol 6 port 443, 10:30 to 00:01 UTC');
  });

  it('holds an address in a prefix exactly when the leading bits are the same', () => {
    const address = fc.integer({ min: 0, max: 0xffffffff });
    const text = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
    fc.assert(
      fc.property(address, address, fc.integer({ min: 1, max: 32 }), fc.boolean(), (one, other, length, near) => {
        const mask = (0xffffffff << (32 - length)) >>> 0;
        const network = (one & mask) >>> 0;
        const peer = near ? (network | (other & ~mask)) >>> 0 : other;
        expect(isInPrefix(text(peer), `${text(network)}/${length}`)).toBe((peer & mask) >>> 0 === network);
      }),
    );
    expect(isInPrefix('::', '::/0')).toBe(false);
  });
});
