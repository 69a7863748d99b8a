import { describe, expect, it } from 'vitest';
import { stretchReasons } from '../../../detector/coverage/stretch-facts.js';
import { VIA_EXAMPLES } from '../../../detector/detections/claims/via-examples.js';
import { WORKS_WITHOUT_EXAMPLES } from '../../../detector/detections/claims/works-without-examples.js';
import type { Example } from '../../../detector/detections/detection.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { STRETCH } from '../../../detector/findings/judgement.js';
import { batchOf, claimsOf, exampleRows, type Row } from '../support/rows.js';

function example(name: string): Example {
  const all = [VIA_EXAMPLES, WORKS_WITHOUT_EXAMPLES].flatMap(({ fires, silent }) => [...fires, ...silent]);
  return all.find((one) => one.name.startsWith(name))!;
}

/** Judges in one batch, and again with a snapshot taken and restored in between: both must agree. */
function judge(text: string, rows: readonly Row[]) {
  const claims = claimsOf(text);
  const engine = createEngine({ claims });
  engine.ingest(batchOf(claims, rows));
  let again = createEngine({ claims });
  for (const part of [rows.slice(0, rows.length >> 1), rows.slice(rows.length >> 1)]) {
    again.ingest(batchOf(claims, part));
    const next = createEngine({ claims });
    expect(next.restore(again.snapshot())).toBeUndefined();
    again = next;
  }
  const essence = (list: ReturnType<typeof engine.findings>) => list.map(({ evidence: _, ...finding }) => finding);
  expect(essence(again.findings())).toEqual(essence(engine.findings()));
  expect(again.judgements()).toEqual(engine.judgements());
  return { claims, findings: engine.findings(), judgements: engine.judgements() };
}

describe('via', () => {
  const rowsOf = (name: string): Row[] => exampleRows(example(name).rows);
  const text = example('by the bastion').claims;

  it('the session on the bastion may be told after the one behind it', () => {
    const [toJump, toDatabase, later] = rowsOf('by the bastion');
    expect(judge(text, [toDatabase!, toJump!, later!]).findings.filter(({ detection }) => detection === 'via')).toEqual([]);
  });

  it('nothing is said before the session on the bastion must have been told', () => {
    const [toDatabase] = rowsOf('from the bastion without');
    const soon = {
      ...toDatabase!,
      startMs: toDatabase!.endMs + 60_000,
      endMs: toDatabase!.endMs + 60_000,
      destination: '10.70.11.22',
      destinationPort: 443,
    };
    expect(judge(text, [toDatabase!, soon]).findings.filter(({ detection }) => detection === 'via')).toEqual([]);
  });

  it('the finding is about the session behind the bastion, with its rows', () => {
    const { findings } = judge(text, rowsOf('from the bastion without'));
    const [finding] = findings.filter(({ detection }) => detection === 'via');
    expect(finding).toMatchObject({
      asset: 'db-1',
      peerAddress: '10.70.99.10',
      port: 22,
      severity: 'critical',
      octetsOut: 90_000,
      octetsIn: 40_000,
    });
    expect(finding!.evidence).toHaveLength(1);
    expect(finding!.sentence).toContain('no session from peer vendor was on the jump host');
  });

  it('without a sensor that looks north, only direct sessions are judged, and the claim is never verified', () => {
    const inside = text.replace('sees: [north-south, management]', 'sees: [east-west]');
    const { claims, findings } = judge(inside, rowsOf('from the bastion without'));
    expect(findings.filter(({ detection }) => detection === 'via')).toEqual([]);
    expect(claims.claims[0]!.notJudged).toContain('north-south');
  });

  it('jump hosts are watched and judged with the fleet, and are no members of it', () => {
    const { claims, judgements } = judge(text, rowsOf('by the bastion'));
    expect(claims.assets.filter(({ auxiliary }) => auxiliary).map(({ name, unit }) => `${name} ${unit}`)).toEqual([
      '10.70.99.10 billing-db',
      '10.70.99.11 billing-db',
    ]);
    expect(claims.fleets[0]!.members).toHaveLength(2);
    expect(judgements.map(({ about }) => about)).toEqual(['db-1']);
  });
});

describe('works_without', () => {
  const day = (date: string) => ({ fromMs: Date.parse(`${date}T00:00:00+01:00`), toMs: Date.parse(`${date}T00:00:00+01:00`) + 86_400_000 });
  const reasonsOn = (name: string, date: string): string[] => {
    const { claims: text, rows } = example(name);
    const { claims, judgements } = judge(text, exampleRows(rows));
    const period = day(date);
    const own = judgements.filter((one) => one.claim === 'example-claim' && one.periodFromMs === period.fromMs);
    return stretchReasons(claims, claims.claims[0]!, own, period, new Set()).map(({ code }) => code);
  };

  it('a stretch that held leaves nothing to say; one that was too short was never a test', () => {
    expect(reasonsOn('three days without', '2026-12-02')).toEqual([]);
    expect(reasonsOn('three days without', '2026-12-01')).toEqual(['never-tested']);
    expect(reasonsOn('no images, but never', '2026-12-02')).toEqual(['never-tested']);
  });

  it('silence of everything proves nothing', () => {
    expect(reasonsOn('nothing of anybody', '2026-12-02')).not.toEqual([]);
    const { claims: text, rows } = example('nothing of anybody');
    const { judgements } = judge(text, exampleRows(rows));
    expect(judgements.filter(({ about }) => about === STRETCH.unseen)).not.toEqual([]);
  });

  it('the finding is the fleet’s, and says what was missing from when on', () => {
    const { claims: text, rows } = example('scans stop');
    const [finding] = judge(text, exampleRows(rows)).findings.filter(({ detection }) => detection === 'works-without');
    expect(finding).toMatchObject({ asset: 'scanners', peerName: '', unit: 'octets', expected: 524_288_000 });
    expect(finding!.sentence).toContain("claim 'example-claim' says that it works without");
  });
});
