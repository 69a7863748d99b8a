import { describe, expect, test } from 'vitest';
import { lintTexts } from '../../../detector/claims/lint.js';
import { BASE_APPROVALS, BASE_CLAIMS, broken, placeOf } from './base-claims.js';

const lint = (text: string) => lintTexts([{ file: 'a.yaml', text }], { file: 'a.jsonl', text: BASE_APPROVALS });
const gateway = 'gateway: { cidr: ["10.40.9.4"] }';

describe('lints of what peers and sentences mean', () => {
  test('the sound file has none', () => {
    expect(lint(BASE_CLAIMS)).toEqual([]);
  });

  test.each([
    ['unknown-country', gateway, 'gateway: { cidr: ["10.40.9.4"], country: [NL, XX] }', 'XX'],
    ['unknown-country', gateway, 'gateway: { cidr: ["10.40.9.4"], country: [EU] }', 'EU'],
    ['private-asn', gateway, 'gateway: { cidr: ["10.40.9.4"], asn: [64496, 64512] }', '64512'],
    ['bogon-in-internet', gateway, 'gateway: { cidr: ["10.40.9.4", "203.0.113.9"], internet: true }', '"10.40.9.4", '],
  ])('%s at its place', (code, from, to, needle) => {
    const text = broken(from, to);
    const found = lint(text).filter((problem) => problem.code === code);
    expect(found).toMatchObject([{ severity: 'warning', ...placeOf(text, needle) }]);
  });

  test('a sentence of nobody', () => {
    const text = broken('"The scanners talk only to the archive and the gateway."', '"Only this is done."');
    expect(lint(text)).toMatchObject([{ code: 'text-without-subject', ...placeOf(text, '"Only this is done."') }]);
  });

  test('what another claim forbids, and the internet that no sensor sees', () => {
    const never = (peer: string): string =>
      broken(
        'exceptions:',
        `  - { id: no, text: "Scanners do not.", subject: scanners, severity: low, assert: { never: [{ peer: ${peer} }] }, coverage: { sensors: [access-sw], time: "9%", max_gap: P1D } }\nexceptions:`,
      );
    const shadowed = never('{ sets: [both] }');
    expect(lint(shadowed).filter(({ code }) => code === 'shadowed-by-never')).toHaveLength(2);
    expect(lint(shadowed).find(({ code }) => code === 'shadowed-by-never')).toMatchObject(
      placeOf(shadowed, '{ peer: { sets: [archive] }, ports'),
    );
    expect(lint(never('{ internet: true }')).map(({ code }) => code)).toContain('sensor-sees');
  });
});
