import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { close } from '../../../detector/decisions/request.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { addExpected } from '../../../detector/tools/draft-rule.js';
import { skeletonOfAssets } from '../../../detector/tools/skeleton.js';
import { DAY_MS } from '../../../flow/time.js';
import { findingOf, SEEN_MS } from '../support/findings.js';

/* What was closed as expected becomes a sentence of a claim draft that a person can take over: with who said it, why, and until when. */

const skeleton = skeletonOfAssets([{ name: 'scan-01', address: '10.40.10.11' }]);
const by = { author: 'eve', reason: "new mirror: 'CHG-1182' # {x}", atMs: SEEN_MS, effectiveMs: SEEN_MS };
const finding = (more: Partial<Finding> = {}) => findingOf({ fleet: 'equipment', ...more });
const add = (text: string | undefined, one: Finding) =>
  addExpected(text, skeleton, one, close(one, 'expected', by, SEEN_MS + 30 * DAY_MS, { peerGroup: one.peerAddress !== '::' }));

interface DraftText {
  readonly claims: { readonly subject: string; readonly assert: { readonly only: readonly object[] } }[];
  readonly exceptions?: readonly object[];
}

it('of a learned detection becomes a rule with its reason, author and end in the note', () => {
  const text = add(add(undefined, finding()), finding({ id: 'b2', peerAddress: '2001:db8::7', initiator: 'peer', port: 22 }));
  const { claims } = parse(text) as DraftText;
  expect(text).toMatch(/^draft: /m);
  expect(claims[0]!.subject).toBe('equipment');
  expect(claims[0]!.assert.only).toEqual([
    {
      peer: { cidr: ['203.0.113.0/24'] },
      ports: ['tcp/443'],
      initiator: 'subject',
      note: expect.stringMatching(/^expected: new mirror: 'CHG-1182' # \{x\} \(eve, decision [0-9a-f]{8}, until 2027-01-02\)$/),
    },
    { peer: { cidr: ['2001:db8::/48'] }, ports: ['tcp/22'], initiator: 'peer', note: expect.any(String) },
  ]);
});

it('of a broken claim becomes an exception to it that expires', () => {
  const { exceptions } = parse(add(undefined, finding({ claim: 'closed', initiator: 'unknown', protocol: 1, port: 0 }))) as DraftText;
  expect(exceptions).toEqual([
    {
      id: expect.stringMatching(/^expected-[0-9a-f]{8}$/),
      claim: 'closed',
      match: { peer: { cidr: ['203.0.113.0/24'] }, ports: ['icmp'] },
      reason: by.reason,
      owner: 'to be named',
      approved_by: 'eve',
      ticket: expect.stringMatching(/^decision [0-9a-f]{8}$/),
      from: '2026-12-03',
      expires: '2027-01-02',
    },
  ]);
});

it('that no rule can say becomes a comment, and what people wrote into the draft stays', () => {
  const written = add(undefined, finding()).replace('draft:', '# asked M. Weber on Monday\ndraft:');
  const text = add(written, finding({ id: 'v1', detection: 'volume-up', peerAddress: '::', protocol: 0, port: 0 }));
  expect(text).toContain('# asked M. Weber on Monday');
  expect(text).toMatch(/# EXPECTED new mirror.*volume-up of scan-01/);
  expect((parse(text) as DraftText).claims[0]!.assert.only).toHaveLength(1);
});

it('is never written into a file that may be in force, nor about a fleet that the draft does not have', () => {
  expect(() => add('version: 1\nclaims: []\n', finding())).toThrow("no line 'draft'");
  expect(() => add('draft: [', finding())).toThrow('cannot be read');
  expect(() => add(undefined, finding({ fleet: 'others' }))).toThrow('the fleet others');
});
