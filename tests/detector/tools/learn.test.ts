import { describe, expect, test } from 'vitest';
import { lintTexts } from '../../../detector/claims/lint.js';
import { draftClaims } from '../../../detector/tools/draft.js';
import { createExplainer } from '../../../detector/tools/explain.js';
import { addFlow } from '../../../detector/tools/flow-rows.js';
import { parseFlow } from '../../../detector/tools/flow-text.js';
import { createLearner } from '../../../detector/tools/learn.js';
import { placed } from '../../../detector/tools/placed-claims.js';
import { skeletonOfAssets } from '../../../detector/tools/skeleton.js';
import { FlowBatch } from '../../../flow/batch.js';
import { BASE_CLAIMS } from '../claims/base-claims.js';

function draftOf(skeleton: ReturnType<typeof placed>, flows: readonly string[]) {
  const learner = createLearner(skeleton);
  for (const flow of flows) {
    const batch = new FlowBatch(16);
    for (const row of addFlow(batch, skeleton.claims.watchList, parseFlow(flow))) learner.add(batch, row);
  }
  return draftClaims(skeleton, learner.learned());
}

const at = (day: number, hour: number): string => `2026-12-0${day}T${String(hour).padStart(2, '0')}:00:00Z`;
const FLOWS = [1, 2, 3, 4].flatMap((day) => [
  `10.40.10.11:5000${day} > 10.40.30.10:445 tcp ${at(day, 10)} 1MiB/1KiB`,
  ...Array.from({ length: 9 }, (_, host) => `10.40.20.${host + 1}:5000${day} > 10.40.10.12:443 tcp ${at(day, 11)} 1KiB/1KiB`),
  `10.40.10.11:5100${day} > 10.40.1.53:53 udp ${at(day, 2)} 80B/120B`,
]);
const DOUBTFUL = [
  `10.40.10.11:40000 > 203.0.113.7:443 tcp ${at(4, 12)} 1MiB/1KiB`,
  `10.40.10.11:40001 > 10.40.1.9:8080 tcp ${at(2, 12)} attempt`,
  `10.40.10.11:40002 > 10.40.10.12:80 tcp ${at(2, 12)} 1KiB/1KiB`,
];

describe('claims learn', () => {
  const skeleton = placed([{ file: 'base.yaml', text: BASE_CLAIMS }]);
  const draft = draftOf(skeleton, [...FLOWS, ...DOUBTFUL]);
  const active = draft.text.replace(/^draft: .*\n/m, '');

  test('the draft is refused by its marker alone; without it the lint has nothing to say', () => {
    expect(lintTexts([{ file: 'draft.yaml', text: draft.text }])).toMatchObject([{ code: 'draft', severity: 'error' }]);
    expect(lintTexts([{ file: 'draft.yaml', text: active }])).toEqual([]);
  });

  test('what was seen is allowed, declared sets are named, neighbours become a network, and evidence stands beside', () => {
    expect(active).toMatch(/- \{ peer: \{ sets: \[archive\] \}, ports: \[tcp\/445\], initiator: subject/);
    expect(active).toContain('{"cidr":["10.40.20.0/24"]}');
    expect(active).toContain('on 4 days: 36 sessions, 36.0 KiB out, 36.0 KiB in, 9 peers');
    const explainer = createExplainer(placed([{ file: 'draft.yaml', text: active }]));
    const [seen] = explainer.explain(parseFlow(FLOWS[0]!));
    expect(seen!.decisions).toMatchObject([{ claim: 'learned-scanners', decision: 'ALLOWED' }]);
  });

  test('what it would rather ask about is a comment and a question, and is not allowed', () => {
    const asked = draft.questions.map(({ question }) => question).join('\n');
    for (const words of [
      'on the internet',
      'Nobody answered',
      'member of the fleet scanners',
      'at night only',
      'seen once',
      'new in the last day',
    ])
      expect(asked).toContain(words);
    const explainer = createExplainer(placed([{ file: 'draft.yaml', text: active }]));
    for (const flow of DOUBTFUL) expect(explainer.explain(parseFlow(flow))[0]!.decisions[0]!.decision).toBe('VIOLATES');
  });

  test('assets alone make a draft too, even where everything is a question', () => {
    const alone = draftOf(skeletonOfAssets([{ name: 'scan-1', address: '10.40.10.11' }]), DOUBTFUL.slice(0, 1));
    expect(alone.rules).toBe(0);
    expect(lintTexts([{ file: 'draft.yaml', text: alone.text.replace(/^draft: .*\n/m, '') }])).toEqual([]);
  });
});
