import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileTexts, loadClaims } from '../../../detector/claims/load.js';
import { ClaimsError, type ClaimsProblem, formatProblem } from '../../../detector/claims/problem.js';
import { MAX_YAML_BYTES } from '../../../flow/service/strict-yaml.js';
import { BASE_APPROVALS, BASE_CLAIMS, broken, placeOf } from './base-claims.js';

function problemsOf(text: string, approvals?: string): readonly ClaimsProblem[] {
  try {
    compileTexts([{ file: 'c.yaml', text }], approvals === undefined ? undefined : { file: 'a.jsonl', text: approvals });
  } catch (error) {
    if (error instanceof ClaimsError) return error.problems;
    throw error;
  }
  return [];
}

/** What is replaced, by what; where the problem must be shown (text, characters to skip); its code; what the remedy must say. */
type Variant = readonly [name: string, from: string, to: string, at: string, skip: number, code: string, remedy: RegExp];

const VARIANTS: readonly Variant[] = [
  [
    'unknown key at the top',
    'owner: ciso',
    'onwer: ciso',
    'onwer',
    0,
    'unknown-key',
    /unknown key 'onwer' in the file; did you mean 'owner'\?/,
  ],
  ['unknown key in a rule', 'ports: [tcp/445]', 'port: [tcp/445]', 'port: [tcp/445]', 0, 'unknown-key', /did you mean 'ports'\?/],
  ['camel case for snake case', 'max_lost:', 'maxLost:', 'maxLost', 0, 'unknown-key', /did you mean 'max_lost'\?/],
  [
    'unknown claim kind',
    'only:\n',
    'always:\n',
    'always',
    0,
    'unknown-key',
    /known here: only, never, authorised, budget, works_without, via/,
  ],
  [
    'two kinds in a claim',
    'assert: { budget: [',
    'assert: { only: [], budget: [',
    '{ only: []',
    0,
    'one-kind',
    /asserts one thing, here are 2/,
  ],
  [
    'missing key',
    '    severity: high\n',
    '',
    'id: quiet',
    0,
    'missing-key',
    /lacks 'severity'; add severity: info, low, medium, high or critical/,
  ],
  ['missing top key', 'timezone: Europe/Amsterdam\n', '', 'version', 0, 'missing-key', /add timezone: Europe\/Amsterdam/],
  ['other version', 'version: 1', 'version: 2', '2\nid', 0, 'unknown-value', /write 1, the only value/],
  ['unknown severity', 'severity: high', 'severity: hihg', 'hihg', 0, 'unknown-value', /did you mean high\?/],
  ['bytes without unit', 'bytes: 60GiB', 'bytes: 60', '60, per', 0, 'wrong-type', /with its unit: 600B, 64KiB, 20MiB/],
  ['bytes with a decimal unit', 'bytes: 60GiB', 'bytes: 60GB', '60GB', 0, 'bad-value', /with its unit: 600B, 64KiB, 20MiB/],
  ['percent as a number', 'max_lost: "0.1%"', 'max_lost: 0.1', '0.1 }', 0, 'wrong-type', /in quotes: "99.9%"/],
  ['duration in words', 'heartbeat: PT1M', 'heartbeat: 1m', '1m', 0, 'bad-value', /ISO 8601 duration .* PT10M/],
  ['port without protocol', '[tcp/445]', '["445"]', '"445"', 0, 'bad-value', /write tcp\/443, udp\/53/],
  ['port above 65535', '[tcp/445]', '[tcp/70000]', 'tcp/70000', 0, 'bad-port', /1 to 65535/],
  ['port range upside down', '[tcp/445]', '[tcp/99-80]', 'tcp/99-80', 0, 'bad-port', /lower one first/],
  [
    'host bits',
    '"10.40.30.0/24"',
    '"10.40.30.7/24"',
    '"10.40.30.7/24"',
    0,
    'host-bits',
    /write 10\.40\.30\.0\/24 for the network, or 10\.40\.30\.7/,
  ],
  ['octal IPv4', '"10.40.9.4"', '"010.040.009.004"', '"010.040', 0, 'bad-address', /four decimal numbers/],
  ['prefix length', '"10.40.30.0/24"', '"10.40.30.0/33"', '"10.40.30.0/33"', 0, 'bad-address', /0 to 32/],
  ['::/0 that would swallow IPv4', '"2001:db8:30::/48"', '"::/0"', '"::/0"', 0, 'covers-ipv4', /any: true .* 2000::\/3/],
  [
    'unknown set',
    'sets: [archive] }, ports',
    'sets: [archiv] }, ports',
    'archiv]',
    0,
    'unknown-name',
    /no set is called 'archiv'; did you mean 'archive'\?/,
  ],
  [
    'unknown set in except',
    'except: [both]',
    'except: [elsewhere]',
    'elsewhere',
    0,
    'unknown-name',
    /declared: archive, gateway, both, scanners/,
  ],
  [
    'unknown fleet',
    'subject: scanners\n    severity: high',
    'subject: scaners\n    severity: high',
    'scaners',
    0,
    'unknown-name',
    /no fleet .* did you mean 'scanners'\?/,
  ],
  [
    'unknown sensor',
    'sensors: [border-fw], time',
    'sensors: [border], time',
    'border]',
    0,
    'unknown-name',
    /no sensor is called 'border'; declared: border-fw, access-sw/,
  ],
  ['unknown window', 'during: [weekly, ticketed]', 'during: [weekly, ticket]', 'ticket]', 0, 'unknown-name', /did you mean 'ticketed'\?/],
  ['exception of an unknown claim', 'claim: closed,', 'claim: close,', 'close,', 0, 'unknown-name', /did you mean 'closed'\?/],
  ['duplicate key', 'id: base\n', 'id: base\nid: other\n', 'id: other', 0, 'duplicate-key', /written twice/],
  ['duplicate claim', 'id: quiet', 'id: closed', 'closed\n    text: "Little', 0, 'duplicate', /another claim is called 'closed'/],
  ['duplicate asset', 'name: scan-2', 'name: scan-1', 'scan-1, ip: ["10.40.10.12', 0, 'duplicate', /one name and one fleet/],
  [
    'sensor twice',
    'sensors: [border-fw], time',
    'sensors: [border-fw, border-fw], time',
    'border-fw], time',
    0,
    'duplicate',
    /named twice/,
  ],
  ['set named like a fleet', '  both: {', '  scanners: {', '{ sets: [archive, gateway]', 0, 'duplicate', /name of a fleet as well/],
  [
    'set made of itself',
    'both: { sets: [archive, gateway] }',
    'both: { sets: [archive, both] }',
    '{ sets: [archive, both]',
    0,
    'circle',
    /made of itself/,
  ],
  [
    'empty budget',
    'budget: { bytes: 60GiB, per: P1D }',
    'budget: { per: P1D }',
    '{ per: P1D }',
    0,
    'incomplete',
    /\{ bytes: 20MiB, per: P1D \}/,
  ],
  [
    'empty endpoint',
    '{ any: true, except: [both] }',
    '{ except: [both] }',
    '{ except',
    0,
    'empty-endpoint',
    /add any: true beside 'except'/,
  ],
  ['empty list', 'ports: [tcp/445]', 'ports: []', '[], initiator', 0, 'empty', /name one at least/],
  ['budget of part of a period', 'period: P1D', 'period: P2D', 'P1D } }\n', 0, 'bad-period', /write a multiple of a period of whole days/],
  ['negative number of flows', 'bytes: 20MiB, per: P1D', 'bytes: 20MiB, per: P1D, flows: -1', '-1 }', 0, 'out-of-range', />= 0/],
  ['rrule with an unknown part', 'BYDAY=TH', 'BYHOUR=2', '"FREQ=WEEKLY;BYHOUR', 0, 'bad-value', /INTERVAL=n, COUNT=n, UNTIL/],
  ['rrule with an unknown day', 'BYDAY=TH', 'BYDAY=XX', '"FREQ=WEEKLY;BYDAY=XX', 0, 'bad-rrule', /write MO, TU, WE/],
  ['rrule with COUNT and UNTIL', 'BYDAY=TH', 'COUNT=2;UNTIL=20270101', '"FREQ=WEEKLY;COUNT', 0, 'bad-rrule', /keep one/],
  [
    'window of two kinds',
    'tickets: required, duration',
    'tickets: required, once: ["2026-12-03T02:00:00Z"], duration',
    '{ tickets',
    0,
    'incomplete',
    /start with rrule, or once, or tickets/,
  ],
  ['start that does not exist', '"2026-12-03T02:00"', '"2026-02-30T02:00"', '"2026-02-30', 0, 'bad-date', /the calendar has no 2026-02-30/],
  [
    'unknown time zone',
    'timezone: Europe/Amsterdam',
    'timezone: Europe/Amsterdan',
    'Europe/Amsterdan',
    0,
    'unknown-timezone',
    /did you mean Europe\/Amsterdam\?/,
  ],
  ['effective that ends first', 'until: "2027-12-01"', 'until: "2026-12-01"', '"2026-12-01" }\nsets', 0, 'bad-date', /not after 'from'/],
  ['during in never', 'only:\n', 'never:\n', 'during: [weekly', 0, 'no-meaning', /write an 'authorised' claim/],
  [
    'detect beyond the sampling',
    'sensors: [border-fw, access-sw], mode: any, time: "99%", max_gap: PT10M, detect: { bytes: 20MiB',
    'sensors: [access-sw], time: "99%", max_gap: PT10M, detect: { bytes: 1MiB',
    '{ bytes: 1MiB',
    0,
    'undetectable',
    /at 1:512 sensor 'access-sw' sees a transfer of 1MiB with 75\.8 %, not 99\.9%/,
  ],
  [
    'control character in a text',
    '"printer pilot"',
    '"printer\\u001b[31m"',
    '"printer\\u',
    0,
    'bad-value',
    /without control or direction characters/,
  ],
  [
    'right-to-left override in a text',
    '"printer pilot"',
    '"printer \\u202e"',
    '"printer \\u',
    0,
    'bad-value',
    /without control or direction characters/,
  ],
  [
    'reference that is no address',
    'severity: critical\n',
    'severity: critical\n    source: { who: a, quote: b, ref: "javascript:alert(1)" }\n',
    '"javascript',
    0,
    'bad-value',
    /begins with https/,
  ],
  ['alias', 'owner: ciso@customs.example', 'owner: *name', '*name', 0, 'alias', /aliases .* not accepted/],
  ['anchor', 'owner: ciso@customs.example', 'owner: &name ciso', 'ciso', 0, 'alias', /anchors .* not accepted/],
  ['tag', 'owner: ciso@customs.example', 'owner: !!binary aGVsbG8=', '!!binary', 9, 'tag', /delete the tag/],
  ['tab', '  archive: {', '\tarchive: {', '\tarchive', 0, 'yaml', /indent with spaces/],
  ['unclosed quote', 'timezone: Europe/Amsterdam', 'timezone: "Europe/Amsterdam', 'BASE_END', 0, 'yaml', /not valid YAML/],
  ['second document', 'fleets:\n', '---\nfleets:\n', '---', 0, 'yaml', /second YAML document/],
  ['YAML 1.1', 'version: 1\n', '%YAML 1.1\n---\nversion: 1\n', '%YAML', 0, 'yaml-version', /these files are YAML 1\.2/],
  [
    'prototype key',
    'owner: ciso@customs.example',
    'owner: ciso\n__proto__: { a: 1 }',
    '__proto__',
    0,
    'unknown-key',
    /unknown key '__proto__'/,
  ],
  ['prototype name', '  gateway: {', '  constructor: {', '[archive, gateway] }\nfleets', 10, 'unknown-name', /no set is called 'gateway'/],
  [
    'a list for a map',
    'subject: scanners\n    severity: high',
    'subject: [scanners]\n    severity: high',
    '[scanners]\n    severity: high',
    0,
    'wrong-type',
    /must be a text, not a list/,
  ],
];

describe('a broken claim file is met by line, column and remedy', () => {
  test.each(VARIANTS)('%s', (_name, from, to, at, skip, code, remedy) => {
    const text = broken(from, to);
    const problem = problemsOf(text).find((one) => one.code === code && remedy.test(one.message));
    expect(problem, JSON.stringify(problemsOf(text), null, 1)).toBeDefined();
    if (at !== 'BASE_END') expect({ line: problem!.line, column: problem!.column }).toEqual(placeOf(text, at, skip));
    expect(formatProblem(problem!)).toMatch(/^c\.yaml:\d+:\d+: \S/);
  });

  test('the base file has no problem, and all problems of a file are told at once', () => {
    expect(problemsOf(BASE_CLAIMS, BASE_APPROVALS)).toEqual([]);
    const text = broken(
      'sensors: [border-fw], time',
      'sensors: [nowhere], time',
      broken('"10.40.9.4"', '"10.40.9.4/8"', broken('subject: scanners\n    severity: high', 'subject: x\n    severity: high')),
    );
    expect(
      problemsOf(text)
        .map((one) => one.code)
        .sort(),
    ).toEqual(['host-bits', 'unknown-name', 'unknown-name']);
  });
});

describe('hostile texts end quickly and without a crash', () => {
  test.each([
    ['brackets', '['.repeat(20_000)],
    ['braces', `a: ${'{b: '.repeat(20_000)}`],
    ['dashes', '- '.repeat(50_000)],
    ['question marks', '? '.repeat(50_000)],
    ['stairs', Array.from({ length: 500 }, (_, index) => `${' '.repeat(index)}a:`).join('\n')],
  ])('%s', (_name, text) => {
    expect(problemsOf(text).map((one) => one.code)).toEqual(['too-deep']);
  });

  test('20 000 keys in one map, an empty file, a file too large', () => {
    expect(problemsOf(Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n')).length).toBeLessThanOrEqual(200);
    expect(problemsOf('')[0]?.code).toBe('wrong-type');
    expect(problemsOf(`# ${'x'.repeat(MAX_YAML_BYTES)}`)[0]?.code).toBe('too-large');
  });
});

describe('approvals', () => {
  test.each([
    ['no JSON', 'ticket: 1', /not a JSON object/],
    ['a list', '[]', /not a JSON object/],
    ['missing key', BASE_APPROVALS.replace('"purpose":"patch",', ''), /'purpose' is missing/],
    ['unknown key', BASE_APPROVALS.replace('"purpose"', '"purpos":"x","purpose"'), /unknown key 'purpos'/],
    ['time without zone', BASE_APPROVALS.replace('12:00:00Z', '12:00:00'), /'from' is no instant with a zone/],
    ['ends first', BASE_APPROVALS.replace('15:00:00Z', '11:00:00Z'), /'until' is not after 'from'/],
    ['control character', BASE_APPROVALS.replace('patch', 'pat\\u0007ch'), /'purpose' holds control characters/],
    ['same ticket twice', BASE_APPROVALS + BASE_APPROVALS, /CHG-4711 stands in line 1 already/],
  ])('%s', (_name, text, remedy) => {
    const [problem] = problemsOf(BASE_CLAIMS, `\n${text}`.replace('\n', ''));
    expect(problem?.file).toBe('a.jsonl');
    expect(problem?.message).toMatch(remedy);
  });
});

describe('files', () => {
  test('missing, not UTF-8, and split over two', () => {
    const folder = mkdtempSync(join(tmpdir(), 'claims-'));
    try {
      expect(() => loadClaims(join(folder, 'none.yaml'))).toThrow(
        /none\.yaml:1:1: the claim file cannot be read \(ENOENT\); check the path/,
      );
      writeFileSync(join(folder, 'bad.yaml'), Buffer.of(0x69, 0x64, 0x3a, 0x20, 0xff));
      expect(() => loadClaims(join(folder, 'bad.yaml'))).toThrow(/not UTF-8/);
      const cut = BASE_CLAIMS.indexOf('claims:\n');
      const inventory = join(folder, 'inventory.yaml');
      const claims = join(folder, 'claims.yaml');
      writeFileSync(inventory, BASE_CLAIMS.slice(0, cut));
      writeFileSync(claims, `version: 1\nid: base\n${BASE_CLAIMS.slice(cut)}`);
      expect(loadClaims([inventory, claims]).claims.claims.map((claim) => claim.id)).toEqual(['closed', 'quiet']);
      expect(() => loadClaims(claims)).toThrow(/lacks 'fleets'/);
      writeFileSync(claims, `version: 1\nid: other\n${BASE_CLAIMS.slice(cut)}`);
      expect(() => loadClaims([inventory, claims])).toThrow(/claims\.yaml:2:1: 'id' differs from/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
