import { describe, expect, test } from 'vitest';
import { compileTexts } from '../../../detector/claims/load.js';
import { ClaimsError, type ClaimsProblem, formatProblem } from '../../../detector/claims/problem.js';
import { BASE_CLAIMS, broken } from './base-claims.js';

/*
 * Further broken variants of a sound file, beside the 59 of problems.test.ts: slips that people make. Each is refused as a whole, with a message that begins with file,
 * line and column of the slip, and says what to write instead.
 */

type Variant = readonly [name: string, from: string, to: string, line: RegExp, says: RegExp];

const VARIANTS: readonly Variant[] = [
  ['short IPv4', '10.40.9.4"] }', '10.40.9"] }', /gateway/, /not an address|no address|four numbers|write/],
  ['prefix behind IPv6 address too long', '2001:db8:30::/48', '2001:db8:30::/129', /archive/, /number from 0 to 128 after the slash/],
  ['a host name for an address', '"10.40.9.4"', '"gateway.example"', /gateway/, /write/],
  ['an address with a port', '"10.40.9.4"', '"10.40.9.4:22"', /gateway/, /write/],
  ['an address with a zone', '"2001:db8:30::/48"', '"fe80::1%eth0"', /archive/, /write/],
  ['a number for an address', '["10.40.9.4"]', '[10]', /gateway/, /text|write/],
  ['a text for a list', 'cidr: ["10.40.9.4"]', 'cidr: "10.40.9.4"', /gateway/, /must be a list.*write/],
  ['capital letters in a MAC address', '00:1b:24:aa:10:11', '00:1B:24:AA:10:11', /scan-1/, /six lower-case hexadecimal pairs/],
  ['a MAC address with hyphens', '00:1b:24:aa:10:11', '00-1b-24-aa-10-11', /scan-1/, /six lower-case hexadecimal pairs/],
  ['country in lower case', '{ sets: [archive] }, ports', '{ country: [nl] }, ports', /country/, /two capital letters/],
  ['country by name', '{ sets: [archive] }, ports', '{ country: [Netherlands] }, ports', /country/, /two capital letters/],
  ['AS number as text', '{ sets: [archive] }, ports', '{ asn: ["AS64500"] }, ports', /asn/, /whole number|write/],
  ['a star in the middle of a name', '{ sets: [archive] }, ports', '{ dns: ["a.*.example"] }, ports', /dns/, /leading \*\./],
  ['a star alone', '{ sets: [archive] }, ports', '{ dns: ["*"] }, ports', /dns/, /leading \*\./],
  ['internet: false', '{ sets: [archive] }, ports', '{ internet: false }, ports', /internet/, /write true/],
  ['except without anything', '{ sets: [archive] }, ports', '{ except: [archive] }, ports', /except/, /add any: true/],
  ['initiator in other words', 'initiator: subject', 'initiator: client', /client/, /write one of subject, peer, any/],
  ['port zero', 'tcp/445', 'tcp/0', /tcp\/0/, /write|1 to 65535/],
  ['protocol unknown', 'tcp/445', 'quic/445', /quic/, /tcp\/443, udp\/53/],
  ['a list of ports in one text', '[tcp/445]', '["tcp/445,446"]', /445,446/, /tcp\/8000-8099/],
  ['budget without per', 'budget: { bytes: 60GiB, per: P1D }', 'budget: { bytes: 60GiB }', /60GiB/, /lacks 'per'; add per: P1D/],
  ['budget per month', 'bytes: 60GiB, per: P1D', 'bytes: 60GiB, per: P1M', /P1M/, /ISO 8601 duration of days, hours/],
  [
    'scope in other words',
    'bytes: 20MiB, per: P1D }',
    'bytes: 20MiB, per: P1D, scope: asset }',
    /scope: asset/,
    /write one of member, fleet/,
  ],
  [
    'direction in other words',
    'bytes: 20MiB, per: P1D }',
    'bytes: 20MiB, per: P1D, direction: up }',
    /direction: up/,
    /write one of out, in, both/,
  ],
  ['duration of nothing', 'duration: PT4H', 'duration: PT0S', /PT0S/, /longer than nothing/],
  ['weekday in words', 'BYDAY=TH', 'BYDAY=THURSDAY', /THURSDAY/, /BYDAY|write/],
  ['every second', 'FREQ=WEEKLY;BYDAY=TH', 'FREQ=SECONDLY', /SECONDLY/, /DAILY, WEEKLY or MONTHLY/],
  ['31 February', 'from: "2026-12-01", until', 'from: "2026-02-31", until', /2026-02-31/, /a day that exists/],
  ['date without quotes', 'until: "2027-12-01"', 'until: 01-12-2027', /01-12-2027/, /year-month-day/],
  ['exception that ends first', 'expires: "2027-01-15"', 'expires: "2026-11-15"', /2026-11-15/, /not after 'from'/],
  ['exception without approver', ', approved_by: ciso', '', /ex-1/, /lacks 'approved_by'/],
  ['no sensor in coverage', 'sensors: [border-fw], time', 'sensors: [], time', /sensors: \[\]/, /name one at least/],
  ['sampling zero', 'sampling: 512', 'sampling: 0', /sampling: 0/, /number >= 1/],
  ['sensor kind unknown', 'kind: sflow5', 'kind: sflow', /kind: sflow/, /did you mean sflow5\?/],
  ['sees in other words', 'sees: [east-west] }', 'sees: [lan] }', /lan/, /write one of north-south, east-west/],
  [
    'share above 100 %',
    'time: "99%", max_gap: PT10M, max_lost',
    'time: "101%", max_gap: PT10M, max_lost',
    /101%/,
    /percentage from 0 to 100/,
  ],
  ['fleet without members', 'ip: ["10.40.10.12"] }', 'ip: [] }', /scan-2/, /name one at least/],
  ['asset with neither address nor MAC', '{ name: scan-2, ip: ["10.40.10.12"] }', '{ name: scan-2 }', /scan-2/, /ip: \["10\.40\.10\.11"\]/],
  ['tickets: true', 'tickets: required', 'tickets: true', /tickets/, /required/],
  ['max_per_month without tickets', 'duration: PT3H,', 'duration: PT3H, max_per_month: 4,', /weekly/, /goes with tickets: required/],
];

function problemsOf(text: string): readonly ClaimsProblem[] {
  try {
    compileTexts([{ file: 'c.yaml', text }]);
  } catch (error) {
    if (error instanceof ClaimsError) return error.problems;
    throw error;
  }
  return [];
}

describe('a slip is met by file, line, column, what is wrong and what to write', () => {
  test.each(VARIANTS)('%s', (_name, from, to, line, says) => {
    const text = broken(from, to);
    const problems = problemsOf(text);
    const problem = problems.find(({ message }) => says.test(message));
    expect(problem, problems.map(formatProblem).join('\n')).toBeDefined();
    const written = text.split('\n')[problem!.line - 1]!;
    expect(written).toMatch(line);
    expect(problem!.column).toBeGreaterThan(0);
    expect(problem!.column).toBeLessThanOrEqual(written.length + 1);
    expect(formatProblem(problem!)).toMatch(/^c\.yaml:\d+:\d+: \S/);
    // One slip, not a flood: what follows from it is at most told beside it.
    expect(problems.length).toBeLessThanOrEqual(3);
  });

  test('there are forty of them, and the file they are made of is sound', () => {
    expect(new Set(VARIANTS.map(([name]) => name)).size).toBe(VARIANTS.length);
    expect(VARIANTS).toHaveLength(40);
    expect(problemsOf(BASE_CLAIMS)).toEqual([]);
  });
});

describe('every line of a sound file, left out or cut in the middle', () => {
  const lines = BASE_CLAIMS.split('\n').slice(0, -1);
  test('is loaded whole or refused with its place, and never takes long', () => {
    const variants = lines.flatMap((line, index) => {
      const before = lines.slice(0, index);
      const after = lines.slice(index + 1);
      return [
        [...before, ...after],
        [...before, line.slice(0, line.length >> 1), ...after],
        [...before, line.slice(0, -1), ...after],
      ];
    });
    for (const variant of variants) {
      for (const problem of problemsOf(variant.join('\n'))) expect(formatProblem(problem)).toMatch(/^c\.yaml:\d+:\d+: \S/);
    }
    expect(variants.length).toBeGreaterThan(100);
  });
});
