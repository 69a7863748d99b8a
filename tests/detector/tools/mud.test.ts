import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lintTexts } from '../../../detector/claims/lint.js';
import { exportMud } from '../../../detector/tools/mud-export.js';
import { importMud } from '../../../detector/tools/mud-import.js';
import { MudError, readMud } from '../../../detector/tools/mud-read.js';
import { placed } from '../../../detector/tools/placed-claims.js';
import { skeletonOfAssets } from '../../../detector/tools/skeleton.js';
import { corporaFolder } from '../../collector/decoders/corpora.js';
import { BASE_CLAIMS } from '../claims/base-claims.js';

const skeleton = skeletonOfAssets([{ name: 'lamp-1', address: '10.20.0.7' }]);
const unmarked = (text: string): string => text.replace(/^draft: .*\n/m, '');
const ace = (matches: object, forwarding = 'accept'): object => ({ name: 'e', matches, actions: { forwarding } });
const mudOf = (...aces: object[]): string =>
  JSON.stringify({
    'ietf-mud:mud': { 'mud-url': 'https://lamp.example/m', 'from-device-policy': { 'access-lists': { 'access-list': [{ name: 'f' }] } } },
    'ietf-access-control-list:acls': { acl: [{ name: 'f', type: 'ipv4-acl-type', aces: { ace: aces } }] },
  });
const corpora = corporaFolder();

describe('import-mud', () => {
  test.skipIf(corpora === undefined).each(['test/lightbulb2000.json', 'example/ieft-draft.json'])(
    '%s of osMUD becomes one rule',
    (file) => {
      const draft = importMud(readMud(readFileSync(join(corpora!, 'mud/osmud', file), 'utf8')), skeleton);
      expect(draft).toMatchObject({ rules: 1, open: [] });
      expect(draft.text).toMatch(/- \{ peer: \{ dns: \["[a-z.]+example\.com"\] \}, ports: \[tcp\/443\], initiator: subject/);
      expect(lintTexts([{ file: 'd.yaml', text: draft.text }])).toMatchObject([{ code: 'draft' }]);
      expect(lintTexts([{ file: 'd.yaml', text: unmarked(draft.text) }])).toEqual([]);
    },
  );

  test.each([
    [
      {
        ipv4: { protocol: 17, 'destination-ipv4-network': '10.9.0.0/16' },
        udp: { 'destination-port': { 'lower-port': 5000, 'upper-port': 5010 } },
      },
      'cidr: ["10.9.0.0/16"] }, ports: [udp/5000-5010], initiator: subject',
    ],
    [
      {
        ipv4: { 'destination-ipv4-network': '10.9.0.0/16' },
        tcp: { 'ietf-mud:direction-initiated': 'to-device', 'source-port': { operator: 'neq', port: 80 } },
      },
      'ports: [tcp/1-79, tcp/81-65535], initiator: peer',
    ],
    [{ ipv4: { protocol: 1, 'destination-ipv4-network': '10.9.0.0/16' } }, 'ports: [icmp]'],
  ])('%j', (matches, rule) => {
    const draft = importMud(readMud(mudOf(ace(matches))), skeleton);
    expect(draft).toMatchObject({ rules: 1, open: [] });
    expect(draft.text).toContain(rule);
  });

  test.each([
    [{ 'ietf-mud:mud': { controller: 'urn:ietf:params:mud:dns' } }, /role, not addresses/],
    [{ 'ietf-mud:mud': { 'same-manufacturer': [null] } }, /same manufacturer/],
    [{ ipv4: { protocol: 6, dscp: 3, 'destination-ipv4-network': '10.9.0.0/16' } }, /'dscp' too/],
    [{ tcp: {} }, /names no peer/],
    [{ ipv4: { protocol: 99, 'destination-ipv4-network': '10.9.0.0/16' } }, /Protocol 99/],
    [{ ipv4: { 'destination-ipv4-network': '10.9.0.1/16' } }, /host bits/],
  ])('%j is left open, as a comment and in the list', (matches, question) => {
    const draft = importMud(readMud(mudOf(ace(matches))), skeleton);
    expect(draft.rules).toBe(0);
    expect(draft.open.join('\n')).toMatch(question);
    expect(draft.text).toMatch(question);
    expect(lintTexts([{ file: 'd.yaml', text: unmarked(draft.text) }])).toEqual([]);
  });

  test('entries that drop, and lists that are missing, are told', () => {
    expect(importMud(readMud(mudOf(ace({}, 'drop'))), skeleton).open[0]).toMatch(/says drop/);
    expect(importMud(readMud(mudOf().replace('"name":"f","type"', '"name":"g","type"')), skeleton).open[0]).toMatch(
      /'f', which the file names/,
    );
  });

  test('what is no MUD file is refused with a sentence; any JSON ends in a draft or a sentence', () => {
    expect(() => readMud('x')).toThrow(MudError);
    expect(() => readMud('[]')).toThrow(/ietf-mud:mud/);
    fc.assert(
      fc.property(fc.json(), fc.json(), (one, two) => {
        const text = mudOf(ace({ ipv4: JSON.parse(one) as object, tcp: JSON.parse(two) as object }));
        const draft = importMud(readMud(text), skeleton);
        expect(lintTexts([{ file: 'd.yaml', text: draft.text }])).toMatchObject([{ code: 'draft' }]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('export-mud', () => {
  const claims = placed([{ file: 'base.yaml', text: BASE_CLAIMS }]);
  const { text, open } = exportMud(claims, 'scanners', 'https://mud.example/s.json', Date.parse('2026-12-01T00:00:00Z'));

  test('what was exported is imported as the same peers, ports and initiators', () => {
    const draft = importMud(readMud(text), skeleton);
    for (const rule of [
      'cidr: ["10.40.30.0/24"] }, ports: [tcp/445], initiator: subject',
      'cidr: ["2001:db8:30::/48"] }, ports: [tcp/445], initiator: subject',
      'cidr: ["10.40.9.4/32"] }, ports: [tcp/22], initiator: peer',
    ])
      expect(draft.text).toContain(rule);
    expect(draft).toMatchObject({ rules: 3, open: [] });
  });

  test('what MUD cannot say is told', () => {
    for (const words of ["'budget'", 'its windows', 'its budget', "Exception 'ex-1'", 'coverage demands'])
      expect(open.join('\n')).toContain(words);
  });
});
