import { describe, expect, test } from 'vitest';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { lintTexts } from '../../../detector/claims/lint.js';
import { locationOf } from '../../../detector/claims/location/location.js';
import { ClaimsError } from '../../../detector/claims/problem.js';
import { exampleClaims } from '../../../detector/detections/example-claims.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../support/rows.js';
import { BASE_CLAIMS, broken } from './base-claims.js';

/*
 * The semantics (a) to (l) of docs/claims.md (assurance.md §1.5), each by the engine that judges. Times and windows beside these: time.test.ts; verdicts:
 * tests/detector/coverage.
 */

const at = (text: string): number => Date.parse(`${text}Z`);
const NOON = at('2026-12-03T11:00:00');
const SCANNER = '10.40.10.11';

/** An exchange that the scanner begins, answered. */
function to(destination: string, more: Partial<Row> = {}): Row {
  return {
    startMs: NOON,
    endMs: NOON + 1000,
    source: SCANNER,
    sourcePort: 40_000,
    destination,
    destinationPort: 443,
    protocol: 6,
    octets: 400,
    flags: flagsOf('SAP'),
    ...more,
  };
}

function judge(claims: CompiledClaims, rows: readonly Row[]) {
  const engine = createEngine({ claims });
  engine.ingest(batchOf(claims, rows));
  const findings = engine.findings().filter(({ detection }) => detection === 'claim-violation');
  const undecided = engine
    .judgements()
    .filter(({ kind }) => kind === 'undecided')
    .map(({ claim, about, records }) => `${claim} ${about} ${records}`);
  return { engine, findings, peers: findings.map(({ peerAddress }) => peerAddress), undecided };
}

const only = (rules: string): string => exampleClaims(`{ only: [${rules}] }`);
const never = (rules: string): string => exampleClaims(`{ never: [${rules}] }`);
const COUNTRIES = locationOf('country', 'c.csv', Buffer.from('203.0.113.0/24,KP\n198.51.100.0/24,NL\n'));
const NUMBERS = locationOf('asn', 'a.csv', Buffer.from('203.0.113.0/24,64500\n198.51.100.0/24,64501\n'));

describe('(a) attempts', () => {
  test('an unanswered SYN breaks never and only, one step less severe', () => {
    for (const text of [never('{ peer: { internet: true } }'), only('')]) {
      const attempt = judge(claimsOf(text), [to('203.0.113.7', { flags: flagsOf('S'), octets: 60, biflow: true })]).findings;
      const answered = judge(claimsOf(text), [
        to('203.0.113.7', { reverseOctets: 900, biflow: true, reverseFlags: flagsOf('SAP') }),
      ]).findings;
      expect([attempt[0]?.completion, attempt[0]?.severity]).toEqual(['attempt', 'medium']);
      expect([answered[0]?.completion, answered[0]?.severity]).toEqual(['established', 'high']);
    }
  });
});

describe('(b) edges of windows', () => {
  const claims = claimsOf(
    exampleClaims('{ only: [{ peer: { sets: [maint-gw] }, ports: [tcp/22], during: [weekly] }] }', {
      windows: 'weekly: { start: "2026-12-03T02:00", rrule: "FREQ=WEEKLY;BYDAY=TH", duration: PT3H, overrun: PT5M }',
    }),
  );
  // The window is 01:00 to 04:00 UTC.
  test.each([
    ['a second before the begin', '00:59:59', '02:00:00', true],
    ['inside', '01:00:00', '03:59:59', false],
    ['straddling the end, within the overrun', '03:00:00', '04:04:59', false],
    ['straddling the end by more', '03:00:00', '04:05:01', true],
    ['begun after the end, within the overrun', '04:01:00', '04:02:00', true],
  ])('a record %s', (_name, from, until, isBroken) => {
    const row = to('10.40.9.4', { destinationPort: 22, startMs: at(`2026-12-03T${from}`), endMs: at(`2026-12-03T${until}`) });
    expect(judge(claims, [row]).findings.length > 0).toBe(isBroken);
  });
});

describe('(c) initiator unknown', () => {
  test('is judged as the worse side, and shown as unknown', () => {
    const claims = claimsOf(only('{ peer: { sets: [archive] }, initiator: subject }'));
    const row = to('10.40.30.10', { protocol: 50, sourcePort: 0, destinationPort: 0, flags: 0 });
    expect(judge(claims, [row]).findings).toMatchObject([{ initiator: 'unknown', confidence: 60 }]);
  });
});

describe('(c) two NTP daemons, each keeping to port 123, told of by a record for each direction', () => {
  const asked = only('{ peer: { cidr: ["10.40.30.10/32"] }, ports: [udp/123], initiator: subject }');
  const SERVER = '10.40.30.10';
  const ntp = { protocol: 17, sourcePort: 123, destinationPort: 123, flags: 0, octets: 76, packets: 1 };
  /** Question and answer, the answer so many ms later. */
  const exchange = (startMs: number, afterMs: number): Row[] => [
    to(SERVER, { ...ntp, startMs, endMs: startMs }),
    { ...to(SCANNER, { ...ntp, startMs: startMs + afterMs, endMs: startMs + afterMs }), source: SERVER },
  ];
  const tied = (startMs: number): Row[] => exchange(startMs, 0);
  const HOUR = 3_600_000;
  const ONE_RECORD: Partial<Row> = { ...ntp, endMs: NOON, reverseOctets: 76, reversePackets: 1, biflow: true };

  test('that begin in the same millisecond: undecided, both records counted, and no finding', () => {
    const { findings, undecided, engine } = judge(claimsOf(asked), tied(NOON));
    expect([findings, undecided]).toEqual([[], ['example-claim initiator-tied 2']]);
    expect(engine.judgements().filter(({ kind }) => kind === 'undecided')).toMatchObject([{ flows: 1, octets: 152 }]);
  });
  test('both in one record that does not say who began: undecided too', () => {
    expect(judge(claimsOf(asked), [to(SERVER, ONE_RECORD)])).toMatchObject({
      findings: [],
      undecided: ['example-claim initiator-tied 1'],
    });
  });
  test('what no side may do is broken, whoever began', () => {
    expect(judge(claimsOf(only('')), tied(NOON)).findings).toMatchObject([{ initiator: 'unknown', records: 2 }]);
    const otherPeer = only('{ peer: { cidr: ["10.40.30.11/32"] }, ports: [udp/123], initiator: subject }');
    expect(judge(claimsOf(otherPeer), tied(NOON)).findings).toHaveLength(1);
  });
  test('only UDP between two ends on the port of one service may be undecided', () => {
    const rule = 'peer: { cidr: ["10.40.30.10/32"] }, initiator: subject';
    const ports = (protocol: number, own: number, others: number): Row[] =>
      tied(NOON).map((row) => {
        const fromAsset = row.source === SCANNER;
        return { ...row, protocol, sourcePort: fromAsset ? own : others, destinationPort: fromAsset ? others : own };
      });
    const findingsOf = (...args: readonly [number, number, number]): number =>
      judge(claimsOf(only(`{ ${rule} }`)), ports(...args)).findings.length;
    // A service's; of one that only a claim names; TCP; two services'; two that clients are given.
    expect(findingsOf(17, 4500, 4500)).toBe(1);
    expect(judge(claimsOf(only(`{ ${rule}, ports: [udp/4500] }`)), ports(17, 4500, 4500)).findings).toHaveLength(0);
    expect(findingsOf(17, 5353, 5353)).toBe(0);
    expect(findingsOf(6, 123, 123)).toBe(1);
    expect(findingsOf(17, 123, 137)).toBe(1);
    expect(findingsOf(17, 2001, 2001)).toBe(1);
  });
  test('an exchange before, or a later one, whose beginner is known settles it', () => {
    expect(judge(claimsOf(asked), [...exchange(NOON, 3), ...tied(NOON + HOUR)])).toMatchObject({ findings: [], undecided: [] });
    // Polls within one session: the first is counted before the second is known.
    const polls = Array.from({ length: 30 }, (_, n) => exchange(NOON + n * 64_000, n % 10 === 0 ? 0 : 2)).flat();
    expect(judge(claimsOf(asked), polls)).toMatchObject({ findings: [], undecided: ['example-claim initiator-tied 3'] });
  });
  test('a peer that was seen to begin is no better for a tie, and neither is what it did in one', () => {
    const back = (rows: readonly Row[]): Row[] => rows.map((row) => ({ ...row, source: row.destination, destination: row.source }));
    expect(judge(claimsOf(asked), [...back(exchange(NOON, 3)), ...tied(NOON + HOUR)]).findings).toMatchObject([
      { initiator: 'peer', records: 4 },
    ]);
    expect(judge(claimsOf(asked), [...tied(NOON), ...back(exchange(NOON + 64_000, 3))]).findings).toMatchObject([
      { initiator: 'peer', records: 4 },
    ]);
    // Both do: the tie is nobody's.
    const each = [...exchange(NOON, 3), ...back(exchange(NOON + HOUR, 3)), ...tied(NOON + 2 * HOUR)];
    expect(judge(claimsOf(asked), each)).toMatchObject({ findings: [{ records: 2 }], undecided: ['example-claim initiator-tied 2'] });
  });
  test('a restart in between changes nothing', () => {
    const claims = claimsOf(asked);
    const [before, after] = [exchange(NOON, 3), tied(NOON + HOUR)];
    const first = createEngine({ claims });
    first.ingest(batchOf(claims, before));
    const second = createEngine({ claims });
    expect(second.restore(first.snapshot())).toBeUndefined();
    for (const engine of [first, second]) engine.ingest(batchOf(claims, after));
    expect(second.snapshot()).toEqual(first.snapshot());
    expect(second.judgements().filter(({ kind }) => kind === 'undecided')).toEqual([]);
    expect(second.findings().filter(({ detection }) => detection === 'claim-violation')).toEqual([]);
  });
  test('budgets count it whoever began', () => {
    const budget = exampleClaims(
      '{ budget: [{ peer: { any: true }, ports: [udp/123], initiator: subject, budget: { bytes: 100B, per: PT1H, direction: both, scope: member } }] }',
    );
    expect(judge(claimsOf(budget), [...tied(NOON), ...tied(NOON + HOUR)])).toMatchObject({ findings: [{ observed: 152 }] });
  });
});

describe('(d) location', () => {
  const forbidden = never('{ peer: { country: [KP] } }');
  test('what the data places there is forbidden, elsewhere it is not, what it does not know is undecided', () => {
    const { peers, undecided } = judge(claimsOf(forbidden, { country: COUNTRIES }), [
      to('203.0.113.7'),
      to('198.51.100.7'),
      to('192.0.2.7'),
    ]);
    expect(peers).toEqual(['203.0.113.7']);
    expect(undecided).toEqual(['example-claim geo-unknown 1']);
  });
  test('private addresses, multicast and the like lie nowhere: never undecided', () => {
    const rows = ['10.9.9.9', '224.0.0.251', '255.255.255.255', 'fd00::9', 'fe80::9'].map((peer) =>
      to(peer, peer.includes(':') ? { source: 'fd00:40:10::11' } : {}),
    );
    expect(judge(claimsOf(forbidden, { country: COUNTRIES }), rows)).toMatchObject({ peers: [], undecided: [] });
  });
  test('an only rule that admits the unknown for certain leaves nothing undecided', () => {
    const text = forbidden.replace(
      'claims:\n',
      `claims:
  - { id: listed, text: "Only what is listed.", subject: scanners, severity: high, assert: { only: [{ peer: { cidr: ["192.0.2.0/24"] }, ports: [tcp/443] }] }, coverage: { sensors: [border], time: "99%", max_gap: PT10M } }
`,
    );
    const claims = claimsOf(text, { country: COUNTRIES });
    expect(judge(claims, [to('192.0.2.7')])).toMatchObject({ peers: [], undecided: [] });
    expect(judge(claims, [to('192.0.2.7', { destinationPort: 22 })]).undecided).toEqual(['example-claim geo-unknown 1']);
  });
  test('only: a country admits what is there, forbids what is elsewhere, and cannot say of the unknown', () => {
    const { peers, undecided } = judge(claimsOf(only('{ peer: { asn: [64501] } }'), { asn: NUMBERS }), [
      to('203.0.113.7'),
      to('198.51.100.7'),
      to('192.0.2.7'),
    ]);
    expect([peers, undecided]).toEqual([['203.0.113.7'], ['example-claim asn-unknown 1']]);
  });
  test('except: everything but a country forbids what is elsewhere, and cannot say of the unknown', () => {
    const text = never('{ peer: { internet: true, except: [home] } }').replace('sets:\n', 'sets:\n  home: { country: [NL] }\n');
    const { peers, undecided } = judge(claimsOf(text, { country: COUNTRIES }), [to('203.0.113.7'), to('198.51.100.7'), to('192.0.2.7')]);
    expect([peers, undecided]).toEqual([['203.0.113.7'], ['example-claim geo-unknown 1']]);
  });
  test('an exception or budget that only may apply: undecided, neither excused nor counted', () => {
    const pilot =
      '{ id: pilot, claim: example-claim, match: { peer: { country: [NL] } }, reason: "Pilot", owner: ops, approved_by: ciso, ticket: "CHG-1", from: "2026-12-01", expires: "2027-01-15" }';
    const excepted = claimsOf(exampleClaims('{ never: [{ peer: { internet: true } }] }', { exceptions: pilot }), { country: COUNTRIES });
    const { engine, peers, undecided } = judge(excepted, [to('203.0.113.7'), to('198.51.100.7'), to('192.0.2.7')]);
    expect([peers, undecided]).toEqual([['203.0.113.7'], ['example-claim geo-unknown 1']]);
    expect(engine.judgements().filter(({ kind }) => kind === 'excused')).toMatchObject([{ about: 'pilot', records: 1 }]);
    const budget = claimsOf(exampleClaims('{ budget: [{ peer: { country: [KP] }, budget: { flows: 1, per: P1D } }] }'), {
      country: COUNTRIES,
    });
    const many = ['203.0.113.7', '203.0.113.8', '192.0.2.7', '192.0.2.8'].map((peer, index) => to(peer, { sourcePort: 41_000 + index }));
    expect(judge(budget, many).undecided).toEqual(['example-claim geo-unknown 2']);
    expect(judge(budget, many).findings).toMatchObject([{ observed: 2, expected: 1 }]);
  });
  test('the data is told and its hash is part of the claims’ hash, where the claims draw on it', () => {
    const other = locationOf('country', 'c.csv', Buffer.from('203.0.113.0/24,KP\n'));
    const claims = claimsOf(forbidden, { country: COUNTRIES, asn: NUMBERS });
    expect(claims.locations).toEqual([COUNTRIES.identity]);
    const hashes = [claims, claimsOf(forbidden, { country: other }), claimsOf(forbidden)].map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(3);
    expect(claimsOf(only(''), { country: COUNTRIES }).hash).toBe(claimsOf(only('')).hash);
  });
});

describe('(e) names', () => {
  const claims = claimsOf(only('{ peer: { dns: ["licence.vendor.example", "*.cdn.example"] }, ports: [tcp/443] }'));
  test.each([
    ['the name', 'licence.vendor.example', false],
    ['in capitals, with a final dot', 'Licence.Vendor.Example.', false],
    ['under the suffix, among others', 'a.example,x.y.cdn.example', false],
    ['the suffix itself', 'cdn.example', true],
    ['a name that ends alike', 'evilcdn.example', true],
    ['another name', 'www.example', true],
    ['none', '', true],
  ])('%s', (_name, destinationNames, isBroken) => {
    expect(judge(claims, [to('203.0.113.7', { destinationNames })]).findings.length > 0).toBe(isBroken);
  });
  test('why: no answer named the address, or answers named it otherwise', () => {
    const why = (destinationNames: string): string => judge(claims, [to('203.0.113.7', { destinationNames })]).findings[0]!.sentence;
    expect(why('')).toContain('no answer that the client was given names this address (dns-unresolved)');
    expect(why('www.example')).toContain('the answers that the client was given name this address otherwise');
  });
  test('in the record of the way back the names are those of its source', () => {
    const back = {
      ...to(SCANNER, { source: '203.0.113.7', sourcePort: 443, destinationPort: 40_000, sourceNames: 'licence.vendor.example' }),
      flags: flagsOf('AP'),
    };
    expect(judge(claims, [back]).findings).toEqual([]);
  });
  test('a name holds for its whole session, and one that comes late mends what was said before', () => {
    // One connection told in three records: the SYN is in the first.
    const parts = [0, 1, 2].map((part) => ({
      ...to('203.0.113.7', { startMs: NOON + part * 3_000_000, endMs: NOON + part * 3_000_000 + 2_990_000 }),
      flags: flagsOf(part === 0 ? 'SAP' : 'AP'),
    }));
    const named = (which: number): Row[] =>
      parts.map((row, part) => (part === which ? { ...row, destinationNames: 'licence.vendor.example' } : row));
    expect([0, 1, 2].map((which) => judge(claims, named(which)).findings.length)).toEqual([0, 0, 0]);
    expect(judge(claims, parts).findings).toMatchObject([{ records: 3 }]);
  });
});

describe('peers by MAC address', () => {
  const printer = '{ peer: { mac: ["00:1b:24:aa:10:99"] } }';
  const mac = 0x001b24aa1099;
  test('the one address is, another is not, and where the exporter tells none nobody can say', () => {
    const rows = [to('10.40.40.5', { destinationMac: mac }), to('10.40.40.6', { destinationMac: 1 }), to('10.40.40.7')];
    expect(judge(claimsOf(only(printer)), rows)).toMatchObject({ peers: ['10.40.40.6'], undecided: ['example-claim mac-unknown 1'] });
    expect(judge(claimsOf(never(printer)), rows)).toMatchObject({ peers: ['10.40.40.5'], undecided: ['example-claim mac-unknown 1'] });
  });
});

describe('(f) NAT', () => {
  test('a sensor outside of it is a lint error for claims about private addresses', () => {
    const text = broken('sees: [north-south, east-west] }', 'sees: [north-south, east-west], nat: outside }');
    const found = lintTexts([{ file: 'c.yaml', text }]).filter(({ code }) => code === 'sensor-outside-nat');
    expect(found.map(({ severity }) => severity)).toEqual(['error', 'error']);
    expect(found[0]!.message).toMatch(/name a sensor inside/);
    expect(
      lintTexts([{ file: 'c.yaml', text: text.replace('nat: outside', 'nat: inside') }]).some(({ code }) => code === 'sensor-outside-nat'),
    ).toBe(false);
  });
});

describe('(g) IPv6 and link-local are in, (h) broadcast chatter must be listed', () => {
  const isolated = claimsOf(only('{ peer: { sets: [archive] } }'));
  test.each([
    ['IPv6', 'fd00:40:10::11', '2001:db8::7', 6, 443],
    ['link-local', 'fd00:40:10::11', 'fe80::1', 17, 546],
    ['IPv6 multicast', 'fd00:40:10::11', 'ff02::fb', 17, 5353],
    ['broadcast', SCANNER, '255.255.255.255', 17, 67],
    ['mDNS', SCANNER, '224.0.0.251', 17, 5353],
  ])('%s breaks an only claim that does not list it', (_name, source, destination, protocol, destinationPort) => {
    expect(judge(isolated, [to(destination, { source, protocol, destinationPort, flags: 0 })]).peers).toEqual([destination]);
  });
  test('listed, it does not', () => {
    const listed = claimsOf(only('{ peer: { cidr: ["224.0.0.251", "ff02::fb"] }, ports: [udp/5353] }'));
    const rows = [
      to('224.0.0.251', { protocol: 17, destinationPort: 5353, flags: 0 }),
      to('ff02::fb', { source: 'fd00:40:10::11', protocol: 17, destinationPort: 5353, flags: 0 }),
    ];
    expect(judge(listed, rows).findings).toEqual([]);
  });
});

describe('(i) exceptions', () => {
  const text = exampleClaims('{ only: [] }', {
    exceptions:
      '{ id: pilot, claim: example-claim, match: { peer: { cidr: ["10.40.40.5"] } }, reason: "Pilot", owner: ops, approved_by: ciso, ticket: "CHG-1", from: "2026-12-01", expires: "2027-01-15" }',
  });
  test('hold until the day they expire, and every use is counted', () => {
    const before = judge(claimsOf(text), [to('10.40.40.5')]);
    expect(before.findings).toEqual([]);
    expect(before.engine.judgements().filter(({ kind }) => kind === 'excused')).toMatchObject([{ about: 'pilot', flows: 1 }]);
    // 2027-01-15 begins at 23:00 UTC of the 14th.
    const later = at('2027-01-14T23:00:00');
    expect(judge(claimsOf(text), [to('10.40.40.5', { startMs: later, endMs: later })]).findings).toHaveLength(1);
  });
});

describe('(j) budgets', () => {
  const rows = [at('2026-12-03T22:30:00'), at('2026-12-03T23:30:00')].map((startMs, index) =>
    to('10.40.30.10', { startMs, endMs: startMs, octets: 700_000, sourcePort: 40_000 + index }),
  );
  const budget = (per: string): CompiledClaims =>
    claimsOf(exampleClaims(`{ budget: [{ peer: { any: true }, budget: { bytes: 1MiB, per: ${per} } }] }`));
  test('hours slide over midnight, days end with it', () => {
    expect(judge(budget('PT24H'), rows).findings).toMatchObject([{ observed: 1_400_000, expected: 1_048_576 }]);
    expect(judge(budget('P1D'), rows).findings).toEqual([]);
  });
  test('a record over the border counts whole in both days', () => {
    const over = [
      to('10.40.30.10', { startMs: at('2026-12-03T22:59:00'), endMs: at('2026-12-03T23:01:00'), octets: 700_000, sourcePort: 39_999 }),
    ];
    const days = judge(budget('P1D'), [rows[0]!, ...over, rows[1]!]).findings;
    expect(days.map(({ observed }) => observed)).toEqual([1_400_000, 1_400_000]);
  });
  test('the day of the change of clocks is 25 hours long', () => {
    // 2026-10-25 in Amsterdam: from 22:00 UTC of the 24th to 23:00 UTC of the 25th.
    const night = [at('2026-10-24T22:30:00'), at('2026-10-25T22:30:00')].map((startMs, index) =>
      to('10.40.30.10', { startMs, endMs: startMs, octets: 700_000, sourcePort: 40_000 + index }),
    );
    expect(judge(budget('P1D'), night).findings).toMatchObject([{ observed: 1_400_000 }]);
    expect(judge(budget('PT24H'), night).findings).toEqual([]);
    const next = night.map((row) => ({ ...row, startMs: row.startMs + 1_800_000, endMs: row.endMs + 1_800_000 }));
    expect(judge(budget('P1D'), next).findings).toEqual([]);
  });
});

describe('(k) coming into force', () => {
  test('records before it are not judged', () => {
    const text = only('').replace('from: "2026-01-01"', 'from: "2026-12-03"');
    const from = at('2026-12-02T23:00:00');
    const rows = [from - 1, from].map((startMs, index) => to('10.40.30.10', { startMs, endMs: startMs, sourcePort: 40_000 + index }));
    expect(judge(claimsOf(text), rows).findings).toMatchObject([{ records: 1 }]);
  });
});

describe('(l) what the declared sampling cannot show', () => {
  test('is refused when the file is loaded', () => {
    expect(() =>
      claimsOf(
        broken(
          'sensors: [border-fw, access-sw], mode: any',
          'sensors: [access-sw]',
          broken('detect: { bytes: 20MiB', 'detect: { bytes: 64KiB'),
        ),
      ),
    ).toThrow(ClaimsError);
    expect(() => claimsOf(BASE_CLAIMS)).not.toThrow();
  });
});
