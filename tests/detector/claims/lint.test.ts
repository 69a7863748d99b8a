import { describe, expect, test } from 'vitest';
import { lintTexts } from '../../../detector/claims/lint.js';
import { BASE_APPROVALS, BASE_CLAIMS, broken, placeOf } from './base-claims.js';

const lint = (text: string, approvals = BASE_APPROVALS) => lintTexts([{ file: 'c.yaml', text }], { file: 'a.jsonl', text: approvals });

const VARIANTS: readonly (readonly [code: string, severity: string, from: string, to: string, at: string, remedy: RegExp])[] = [
  ['unused-set', 'warning', '  both: {', '  spare: { cidr: ["10.9.0.0/16"] }\n  both: {', '{ cidr: ["10.9', /'spare'.*delete it or use it/],
  ['unused-window', 'warning', 'during: [weekly, ticketed]', 'during: [ticketed]', '{ start:', /'weekly'/],
  [
    'unclaimed-fleet',
    'warning',
    'sensors:\n  border-fw',
    '  others:\n    { vendor: V, site: S, members: [{ name: x, ip: ["10.1.1.1"] }] }\nsensors:\n  border-fw',
    '{ vendor: V',
    /watched and never judged/,
  ],
  [
    'overlapping-fleets',
    'error',
    'sensors:\n  border-fw',
    '  others:\n    { vendor: V, site: S, members: [{ name: x, subnet: "10.40.10.0/28" }] }\nsensors:\n  border-fw',
    '{ vendor: V',
    /'others' and 'scanners' share addresses, 10\.40\.10\.11\/32/,
  ],
  ['duplicate-address', 'error', '10.40.10.12', '10.40.10.11', '{ name: scan-2', /belongs to 'scan-1' already/],
  [
    'member-in-peer',
    'warning',
    'archive: { cidr: ["10.40.30.0/24"',
    'archive: { cidr: ["10.40.0.0/16"',
    '{ sets: [archive] }, ports',
    /add except: \[scanners\]/,
  ],
  [
    'window-without-occurrence',
    'warning',
    '"2026-12-03T02:00"',
    '"2028-01-06T02:00"',
    '{ start:',
    /never occurs while the claims are in force/,
  ],
  ['clock-change', 'warning', 'BYDAY=TH', 'BYDAY=SU', '{ start:', /2027-03-28T02:00 local time/],
  [
    'dns-in-never',
    'error',
    'assert: { budget: [{ peer: { any: true, except: [both] }, budget: { bytes: 20MiB, per: P1D } }] }',
    'assert: { never: [{ peer: { dns: [a.example], sets: [both] } }] }',
    '{ dns:',
    /forbid addresses, or allow names in 'only'/,
  ],
  [
    'internet-excludes-set',
    'warning',
    'assert: { budget: [{ peer: { any: true, except: [both] }, budget: { bytes: 20MiB, per: P1D } }] }',
    'assert: { never: [{ peer: { internet: true } }, { peer: { sets: [gateway] } }, { peer: { fleets: [scanners], sets: [both] } }] }',
    '{ internet: true }',
    /'archive' is public.*add sets: \[archive\]/,
  ],
  [
    'empty-peer',
    'error',
    '{ any: true, except: [both] }',
    '{ sets: [gateway], except: [both] }',
    '{ sets: [gateway], except',
    /look at what 'except' takes out/,
  ],
  [
    'unreachable-rule',
    'warning',
    'initiator: peer, during: [weekly, ticketed] }\n',
    'initiator: peer, during: [weekly, ticketed] }\n        - { peer: { sets: [both] }, ports: [udp] }\n        - { peer: { sets: [gateway] }, ports: [udp/1-100] }\n',
    '{ peer: { sets: [gateway] }, ports: [udp/1-100]',
    /rule 3 decides every flow/,
  ],
  [
    'sensor-sees',
    'warning',
    '{ any: true, except: [both] }, budget',
    '{ fleets: [scanners] }, budget',
    '[border-fw, access-sw]',
    /sees east-west/,
  ],
  ['exception-too-long', 'error', 'expires: "2027-01-15"', 'expires: "2027-03-02"', '"2027-03-02"', /holds 91 days; 90 at most/],
  ['self-approved', 'error', 'approved_by: ciso', 'approved_by: Ops', 'Ops, ticket', /name another person/],
];

describe('lints', () => {
  test('the base file is clean', () => {
    expect(lint(BASE_CLAIMS)).toEqual([]);
  });
  test.each(VARIANTS)('%s', (code, severity, from, to, at, remedy) => {
    const base =
      code === 'sensor-sees'
        ? broken('sees: [east-west] }', 'sees: [wireless] }', broken('north-south, east-west', 'north-south'))
        : BASE_CLAIMS;
    const text = broken(from, to, base);
    const found = lint(text).find((one) => one.code === code);
    expect(found, JSON.stringify(lint(text), null, 1)).toMatchObject({ severity, ...placeOf(text, at) });
    expect(found!.message).toMatch(remedy);
  });
  test('what loading refuses is an error here, with the same place', () => {
    expect(lint(broken('sensors: [border-fw], time', 'sensors: [nowhere], time'))).toMatchObject([
      { code: 'unknown-name', severity: 'error', line: 33 },
    ]);
  });
  test.each([
    ['approved-late', { approved_at: '2026-12-03T12:00:00Z' }, /opens no window/],
    ['shortened', { until: '2026-12-03T23:00:00Z' }, /ends PT4H after its begin/],
    ['unknown-name', { fleet: 'others' }, /which these claims do not know/],
    ['self-approved', { approved_by: 'E@vendor.example' }, /approved by the engineer/],
    ['window-without-occurrence', { fleet: 'others' }, /no valid approval for fleet 'scanners'/],
  ])('approvals: %s', (code, change, remedy) => {
    const text = `${JSON.stringify({ ...(JSON.parse(BASE_APPROVALS) as object), ...change })}\n`;
    expect(lint(BASE_CLAIMS, text).find((one) => one.code === code)?.message).toMatch(remedy);
  });
  test('approvals beyond max_per_month', () => {
    const lines = Array.from({ length: 5 }, (_, index) => BASE_APPROVALS.replace('CHG-4711', `CHG-${index}`)).join('');
    expect(lint(BASE_CLAIMS, lines)).toMatchObject([{ code: 'too-many-tickets', file: 'a.jsonl', line: 5, severity: 'warning' }]);
  });
});
