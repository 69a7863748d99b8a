import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { complement, joinRanges, prefixesOfRanges, refine } from '../../../detector/tools/address-ranges.js';
import { type ClaimsDifference, diffClaims } from '../../../detector/tools/diff.js';
import { createExplainer } from '../../../detector/tools/explain.js';
import { parseFlow } from '../../../detector/tools/flow-text.js';
import { placed } from '../../../detector/tools/placed-claims.js';
import { parseAddress, parsePrefix } from '../../../flow/address.js';
import { PrefixTable } from '../../../flow/prefix-table.js';
import { BASE_CLAIMS, broken } from '../claims/base-claims.js';
import { covers, type Seen } from '../support/traffic-change.js';

const load = (text: string) => placed([{ file: 'a.yaml', text }]);
const diff = (before: string, after: string): ClaimsDifference => diffClaims(load(before), load(after));

describe('claims diff', () => {
  test('a file is the same as itself, and as one that says the same in other words', () => {
    expect(diff(BASE_CLAIMS, BASE_CLAIMS)).toEqual({ traffic: [], other: [] });
    const split = broken('cidr: ["10.40.30.0/24", ', 'cidr: ["10.40.30.0/25", "10.40.30.128/25", ');
    const renamed = broken('  both: { sets: [archive, gateway] }', '  pair: { sets: [gateway, archive] }').replace(
      'except: [both]',
      'except: [pair]',
    );
    for (const text of [split, renamed]) expect(diff(BASE_CLAIMS, text)).toEqual({ traffic: [], other: [] });
  });

  test('a port more is traffic that becomes allowed', () => {
    const { traffic, other } = diff(BASE_CLAIMS, broken('ports: [tcp/445]', 'ports: [tcp/445, tcp/8000-8010]'));
    expect(other).toEqual([]);
    expect(traffic).toEqual([
      {
        ...{ fleet: 'scanners', claim: 'closed', change: 'allowed', before: 'forbidden' },
        after: 'allowed, at most 60 GiB out per P1D and member',
        ...{ peers: ['10.40.30.0/24', '2001:db8:30::/48'], except: false, ports: ['tcp/8000-8010'], initiator: 'subject' },
      },
    ]);
  });

  test('a wider set is shown by the prefixes that it gains, in every claim that draws on it', () => {
    const { traffic } = diff(
      BASE_CLAIMS,
      broken('"10.40.30.0/24"', '"10.40.30.0/23"').replace('"10.40.30.0/23"', '"10.40.30.0/24", "10.40.31.0/24"'),
    );
    expect(traffic.map(({ claim, change, peers }) => [claim, change, peers]).sort()).toEqual([
      ['closed', 'allowed', ['10.40.31.0/24']],
      ['quiet', 'changed', ['10.40.31.0/24']],
    ]);
  });

  test('windows count by when they occur', () => {
    const moved = diff(BASE_CLAIMS, broken('duration: PT3H, overrun', 'duration: PT4H, overrun'));
    expect(moved.traffic).toMatchObject([
      { claim: 'closed', change: 'changed', peers: ['10.40.9.4/32'], ports: ['tcp/22'], initiator: 'peer' },
    ]);
    expect(moved.other).toEqual([{ path: 'windows.weekly.duration', before: '"PT3H"', after: '"PT4H"' }]);
  });

  test('demands, exceptions, members and claims that come and go are told', () => {
    const less = broken('sensors: [border-fw], time: "99%"', 'sensors: [border-fw], time: "95%"');
    expect(diff(BASE_CLAIMS, less)).toEqual({
      traffic: [],
      other: [{ path: 'claims.closed.coverage.time', before: '"99%"', after: '"95%"' }],
    });
    const longer = diff(BASE_CLAIMS, broken('expires: "2027-01-15"', 'expires: "2027-02-15"'));
    expect(longer.traffic).toMatchObject([{ claim: 'closed', peers: ['10.40.40.5/32'], ports: ['tcp/9100'] }]);
    expect(diff(BASE_CLAIMS, broken('ip: ["10.40.10.12"]', 'ip: ["10.40.10.13"]')).other[0]?.path).toBe(
      'fleets.scanners.members.scan-2.ip',
    );
    const open = diff(BASE_CLAIMS, broken('only:\n', 'only:\n        - { peer: { any: true } }\n'));
    expect(open.traffic.length).toBeGreaterThan(0);
    expect(open.traffic.every(({ change }) => change === 'allowed')).toBe(true);
  });
});

describe('address ranges', () => {
  test('prefixes of ranges and of what they leave cover everything once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(fc.nat(255), fc.constantFrom(8, 9, 16, 24, 32)), { maxLength: 6 }), (list) => {
        const texts = list.map(([octet, length]) => `${octet}.0.0.0/${length}`);
        const space: { first: bigint; last: bigint }[] = [];
        const table = new PrefixTable(texts.map((text) => ({ prefix: parsePrefix(text), value: 1 })));
        const compiled = load(BASE_CLAIMS).compilation.space;
        for (const range of refine(compiled, compiled)) space.push(range);
        expect(joinRanges(space)).toEqual([{ first: 0n, last: (1n << 128n) - 1n }]);
        const ranges = texts.map((text) => {
          const { bytes, length } = parsePrefix(text);
          const first = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
          return { first, last: first + (1n << BigInt(128 - length)) - 1n };
        });
        const inside = new PrefixTable(prefixesOfRanges(ranges).map((text) => ({ prefix: parsePrefix(text), value: 1 })));
        const outside = new PrefixTable(prefixesOfRanges(complement(ranges)).map((text) => ({ prefix: parsePrefix(text), value: 1 })));
        for (const text of [
          '10.0.0.1',
          '11.0.0.0',
          '0.0.0.0',
          '255.255.255.255',
          '2001:db8::1',
          ...list.map(([octet]) => `${octet}.0.0.0`),
        ]) {
          const bytes = parseAddress(text);
          expect(inside.lookup(bytes, 0)).toBe(table.lookup(bytes, 0));
          expect(outside.lookup(bytes, 0)).toBe(table.lookup(bytes, 0) === 1 ? -1 : 1);
        }
      }),
      { numRuns: 30 },
    );
  });
});

/** Rules and exceptions drawn at random; flows drawn around what they name. */
const PEERS = [
  '{ sets: [archive] }',
  '{ sets: [gateway] }',
  '{ internet: true }',
  '{ cidr: ["10.40.30.128/25"] }',
  '{ any: true, except: [both] }',
  '{ fleets: [scanners] }',
];
const PORTS = ['', ', ports: [tcp/443]', ', ports: [tcp/400-500, udp/53]', ', ports: [icmp]'];
const SIDES = ['', ', initiator: subject', ', initiator: peer'];
const rule = fc
  .tuple(fc.constantFrom(...PEERS), fc.constantFrom(...PORTS), fc.constantFrom(...SIDES), fc.boolean())
  .map(([peer, ports, side, timed]) => ({ text: `peer: ${peer}${ports}${side}`, timed }));
const assertion = fc
  .tuple(fc.constantFrom('only', 'never', 'authorised'), fc.array(rule, { minLength: 1, maxLength: 4 }))
  .map(([kind, rules]) => {
    const texts = rules.map(
      ({ text, timed }) => `{ ${text}${kind === 'authorised' || (kind === 'only' && timed) ? ', during: [weekly]' : ''} }`,
    );
    return `assert: { ${kind}: [${texts.join(', ')}] }`;
  });
const FROM = ['10.40.10.11', '10.40.10.12'];
const TO = ['10.40.30.10', '10.40.30.200', '10.40.9.4', '203.0.113.9', '10.9.9.9', '10.40.10.12', '10.40.40.5'];
const flow = fc
  .tuple(
    fc.constantFrom(...FROM),
    fc.constantFrom(...TO),
    fc.constantFrom(53, 443, 450, 9100),
    fc.constantFrom('tcp', 'udp', 'icmp'),
    fc.boolean(),
    fc.constantFrom('2026-12-03T02:30:00Z', '2026-12-03T12:00:00Z'),
  )
  .filter(([from, to]) => from !== to)
  .map(([from, to, port, protocol, out, at]) => {
    const [ask, answer] = out ? [from, to] : [to, from];
    return { text: protocol === 'icmp' ? `${ask} > ${answer} icmp ${at}` : `${ask}:50000 > ${answer}:${port} ${protocol} ${at}`, at };
  });

describe('claims diff agrees with judging', () => {
  const file = (text: string): string =>
    broken(
      BASE_CLAIMS.slice(BASE_CLAIMS.indexOf('    assert:\n'), BASE_CLAIMS.indexOf('    coverage: { sensors: [border-fw], time: "99%"')),
      `    ${text}\n`,
    );
  test('random flows are judged differently by two files exactly where the diff says that they are', () => {
    fc.assert(
      fc.property(assertion, assertion, fc.array(flow, { minLength: 5, maxLength: 20 }), (one, two, flows) => {
        const [before, after] = [load(file(one)), load(file(two))];
        const { traffic } = diffClaims(before, after);
        const lines = traffic.filter(({ claim }) => claim === 'closed');
        const [judgeBefore, judgeAfter] = [createExplainer(before), createExplainer(after)];
        flows.forEach(({ text: drawn }, index) => {
          const text = drawn.replace(':50000', `:${50_000 + index}`);
          const [was, is] = [judgeBefore.explain(parseFlow(text)), judgeAfter.explain(parseFlow(text))];
          was.forEach((explanation, end) => {
            const bad = (list: typeof was): boolean =>
              list[end]!.decisions.some(({ claim, decision }) => claim === 'closed' && decision === 'VIOLATES');
            const { peerAddress: peer, protocol, port, initiator } = explanation;
            const seen: Seen = {
              ...{ peer, port, began: initiator === 'asset' ? 'subject' : 'peer' },
              protocol: protocol === 6 ? 'tcp' : protocol === 17 ? 'udp' : 'icmp',
            };
            const line = lines.filter((change) => covers(change, seen, (address) => /^203\.|^2001:db8:9/.test(address)));
            expect(line.length).toBeLessThanOrEqual(1);
            if (bad(was) !== bad(is)) expect(line, text).toHaveLength(1);
            if (line[0]?.before === 'forbidden') expect(bad(was)).toBe(true);
            if (line[0]?.before === 'allowed') expect(bad(was)).toBe(false);
            if (line[0]?.after === 'forbidden') expect(bad(is)).toBe(true);
            if (line[0]?.after === 'allowed') expect(bad(is)).toBe(false);
          });
        });
      }),
      { numRuns: 40 },
    );
  });
});
