import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { Detection, FindingFlow } from '../detection.js';
import { estimateOf, shareWithin, sumOf } from '../recompute.js';
import { laneRecords } from './peer-lane.js';
import { DriftConsumer } from './slow-exfiltration-evaluator.js';
import { SLOW_EXFILTRATION_EXAMPLES } from './slow-exfiltration-examples.js';
import { SLOW_EXFILTRATION_ID, SLOW_EXFILTRATION_PARAMETERS } from './slow-exfiltration-parameters.js';
import { attendsVolumes, PerEngine, VolumeEvaluator } from './volume-evaluator.js';

const consumers = new PerEngine<DriftConsumer>();

export const slowExfiltration: Detection<typeof SLOW_EXFILTRATION_PARAMETERS> = {
  id: SLOW_EXFILTRATION_ID,
  title: 'A little more every hour',
  question: 'Does the equipment send somewhat more than usual, hour after hour, although no hour stands out?',
  claimKinds: [],
  attack: [
    { id: 'T1029', matrix: 'enterprise', version: '18.0' },
    { id: 'T1030', matrix: 'enterprise', version: '18.0' },
    { id: 'T1041', matrix: 'enterprise', version: '18.0' },
    { id: 'T0882', matrix: 'ics', version: '18.0' },
    { id: 'T0893', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: SLOW_EXFILTRATION_PARAMETERS,
  columns: [
    'octetDeltaCount',
    'reverseOctetDeltaCount',
    'samplingInterval',
    'flowStartMilliseconds',
    'flowEndMilliseconds',
    'bgpSourceAsNumber',
    'bgpDestinationAsNumber',
  ],
  history:
    '14 days of the asset’s records by hour of the day, workdays and weekends apart, for all peers and for each group of them; after two weeks of less than that the lesser is usual',
  falsePositives: [
    'More work: a new line, a new release, more patients. It is told once for each step of growth, not every day.',
    'A season that the 14 days of learning did not show.',
    'What was there while it was learned is usual and not found here; a `budget` claim finds it.',
    'Records of more than an hour and a half (conn.log of long sessions): of hours that have closed nothing is added.',
  ],
  runbook: [
    'The window begins where the excess began: what changed on that day?',
    'Which processes talk to that group of peers? Compare the sessions of an hour before and after the onset: more of them, or larger ones?',
    'When it is to stay, write the amount as a `budget` claim.',
  ],
  references: ['reference/detection.md D05, P7', 'E. S. Page, Continuous inspection schemes, Biometrika 41 (1954)'],
  examples: SLOW_EXFILTRATION_EXAMPLES,
  recompute: (finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims) =>
    sumOf(
      laneRecords(finding, rows, claims),
      (record) => estimateOf(record, 'out') * shareWithin(record, finding.windowFromMs, finding.windowToMs),
    ),
  attends: attendsVolumes(SLOW_EXFILTRATION_ID),
  evaluator: (unit, parameters) =>
    new VolumeEvaluator(
      unit,
      SLOW_EXFILTRATION_ID,
      consumers.of(unit, parameters, () => new DriftConsumer(unit, parameters)),
    ),
};
