import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lintClaims, lintTexts } from '../../../detector/claims/lint.js';
import { BASE_APPROVALS, BASE_CLAIMS, broken, placeOf } from './base-claims.js';

const KEY = Buffer.from('0123456789abcdef0123456789abcdef');
const DRILLED = broken(
  'exceptions:\n',
  'drills:\n  segment: { fleet: scanners, probe: "10.40.10.200", sink: "192.0.2.10", every: PT10M }\nexceptions:\n',
  broken('max_lost: "0.1%" }', 'max_lost: "0.1%", canary: PT10M }'),
);
const lint = (text: string, key: Uint8Array | null = KEY) =>
  lintTexts([{ file: 'c.yaml', text }], { file: 'a.jsonl', text: BASE_APPROVALS }, {}, key ?? undefined);

describe('lints of drills', () => {
  test('drills with a key, as often as the claim wants to see them, are in order', () => {
    expect(lint(DRILLED)).toEqual([]);
    expect(lint(BASE_CLAIMS, null)).toEqual([]);
  });

  test.each([
    [
      'no drill at all',
      broken('max_lost: "0.1%" }', 'max_lost: "0.1%", canary: PT10M }'),
      /none is declared.*drills: \{ scanners: \{ fleet: scanners/,
    ],
    [
      'a drill of another fleet',
      broken(
        'sensors:\n  border-fw',
        '  others: { vendor: V, site: S, members: [{ name: x, ip: ["10.1.1.1"] }] }\nsensors:\n  border-fw',
        broken('segment: { fleet: scanners', 'segment: { fleet: others', DRILLED),
      ),
      /none is declared/,
    ],
    ['drills less often', broken('every: PT10M', 'every: PT30M', DRILLED), /they come every 30 min at most.*write every: PT10M/],
  ])('canary-without-drill: %s', (_name, text, remedy) => {
    const found = lint(text).filter(({ code }) => code === 'canary-without-drill');
    expect(found).toMatchObject([
      { severity: 'warning', path: 'claims.0.coverage.canary', ...placeOf(text, 'canary: PT10M', 'canary: '.length) },
    ]);
    expect(found[0]!.message).toMatch(remedy);
  });

  test('drill-without-key: told once, at the first of them', () => {
    const two = broken(
      'exceptions:\n',
      '  core: { fleet: scanners, probe: scan-2, sink: "192.0.2.11", every: PT10M }\nexceptions:\n',
      DRILLED,
    );
    const found = lint(two, null);
    expect(found).toMatchObject([
      { code: 'drill-without-key', severity: 'warning', path: 'drills.segment', ...placeOf(two, '{ fleet: scanners, probe: "10') },
    ]);
    expect(found[0]!.message).toMatch(/openssl rand -hex 32.*keyFile.*--drill-key/);
  });

  test('the key is read from its file; one that cannot be used is an error', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cordon-lint-'));
    const [claims, key, short] = ['c.yaml', 'drills.key', 'short.key'].map((name) => join(folder, name)) as [string, string, string];
    writeFileSync(
      claims,
      broken('ticketed: { tickets: required, duration: PT4H, max_per_month: 4 }', '', broken(', ticketed] }', '] }', DRILLED)),
    );
    writeFileSync(key, KEY);
    writeFileSync(short, 'short');
    expect(lintClaims(claims, undefined, { drillKey: key })).toEqual([]);
    expect(lintClaims(claims, undefined, { drillKey: short })).toMatchObject([{ code: 'drill-key', severity: 'error', file: short }]);
    rmSync(folder, { recursive: true });
  });
});
