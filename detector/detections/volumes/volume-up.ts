import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import { isAgreed } from '../claims/recompute-claims.js';
import type { Detection, FindingFlow } from '../detection.js';
import { estimateOf, recordsOf, shareWithin, sumOf } from '../recompute.js';
import { attendsVolumes, PerEngine, VolumeEvaluator } from './volume-evaluator.js';
import { SurgeConsumer } from './volume-up-evaluator.js';
import { VOLUME_UP_EXAMPLES } from './volume-up-examples.js';
import { VOLUME_UP_ID, VOLUME_UP_PARAMETERS, VOLUME_UP_RULE } from './volume-up-parameters.js';

const consumers = new PerEngine<SurgeConsumer>();

export const volumeUp: Detection<typeof VOLUME_UP_PARAMETERS> = {
  id: VOLUME_UP_ID,
  title: 'More data than usual',
  question: 'Does the equipment send or receive more than it usually does at this hour?',
  claimKinds: [],
  attack: [
    { id: 'T1020', matrix: 'enterprise', version: '18.0' },
    { id: 'T1030', matrix: 'enterprise', version: '18.0' },
    { id: 'T1048', matrix: 'enterprise', version: '18.0' },
    { id: 'T1498', matrix: 'enterprise', version: '18.0' },
    { id: 'T0882', matrix: 'ics', version: '18.0' },
    { id: 'T0814', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: VOLUME_UP_PARAMETERS,
  columns: [
    'octetDeltaCount',
    'reverseOctetDeltaCount',
    'packetDeltaCount',
    'reversePacketDeltaCount',
    'samplingInterval',
    'flowStartMilliseconds',
    'flowEndMilliseconds',
  ],
  history: '14 days of the asset’s records, by hour of the week in the claim file’s time zone',
  falsePositives: [
    'Backup, firmware or re-indexing days. Write them into the claims as windows: what a claim allows at agreed times only, and comes in them, is not counted here.',
    'A public holiday worked like a weekday, or the reverse.',
    'Records longer than half an hour (conn.log of long sessions): of what lies farther back than the bins that are open, nothing is seen.',
    'Strong sampling of few packets: the estimate itself scatters by 1/√n. The band is as much wider, so small surges are missed rather than invented.',
  ],
  runbook: [
    'Which peers make up the excess? Look at the asset’s peers in that window beside the same hour of the weeks before.',
    'Does the fleet show the same? Then look for a change on their server; else look at this asset.',
    'If the excess goes to a peer that a claim admits, consider a `budget` claim: it needs no learning.',
  ],
  references: ['reference/detection.md D03, P3'],
  examples: VOLUME_UP_EXAMPLES,
  recompute: octetsWithin,
  attends: attendsVolumes(VOLUME_UP_ID),
  evaluator: (unit, parameters) =>
    new VolumeEvaluator(
      unit,
      VOLUME_UP_ID,
      consumers.of(unit, parameters, () => new SurgeConsumer(unit, parameters)),
    ),
};

/** Octets within the bin, each record spread evenly over its time, without what came in agreed times. */
function octetsWithin(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const { windowFromMs, windowToMs } = finding;
  const direction = finding.rule.startsWith(VOLUME_UP_RULE.in) ? 'in' : 'out';
  const records = recordsOf(rows, claims).filter((record) => !isAgreed(record, claims));
  return sumOf(records, (record) => estimateOf(record, direction) * shareWithin(record, windowFromMs, windowToMs));
}
