import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { Detection, FindingFlow } from '../detection.js';
import { estimateOf, shareWithin, sumOf } from '../recompute.js';
import { laneDirection, laneRecords } from './peer-lane.js';
import { attendsVolumes, PerEngine, VolumeEvaluator } from './volume-evaluator.js';
import { DaysConsumer } from './volume-over-days-evaluator.js';
import { VOLUME_OVER_DAYS_EXAMPLES } from './volume-over-days-examples.js';
import { VOLUME_OVER_DAYS_ID, VOLUME_OVER_DAYS_PARAMETERS } from './volume-over-days-parameters.js';

const consumers = new PerEngine<DaysConsumer>();

export const volumeOverDays: Detection<typeof VOLUME_OVER_DAYS_PARAMETERS> = {
  id: VOLUME_OVER_DAYS_ID,
  title: 'More data over days than ever learned',
  question:
    'Does the equipment send or receive more over a day, a week or a month than it ever did while it was learned, and when will a steady rise pass that?',
  claimKinds: [],
  attack: [
    { id: 'T1029', matrix: 'enterprise', version: '18.0' },
    { id: 'T1030', matrix: 'enterprise', version: '18.0' },
    { id: 'T1041', matrix: 'enterprise', version: '18.0' },
    { id: 'T1567', matrix: 'enterprise', version: '18.0' },
    { id: 'T0882', matrix: 'ics', version: '18.0' },
    { id: 'T0893', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: VOLUME_OVER_DAYS_PARAMETERS,
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
    '14 days of the asset’s records for the sums over a day and a week, 44 for the sum over 30 days; limits stay as they were learned; a day of 25 hours may come to once more the largest day, as a job may run twice',
  falsePositives: [
    'A new task of the equipment. The finding grows as one, it is not told again every day.',
    'A new peer with more than the floor: to this detection everything from it is more than ever.',
    'A service that moves from one network to another, where no set names it and no AS is known.',
  ],
  runbook: [
    'Which group of peers is it? Is the growth steady, or did it begin on one day? Look for a change on that day.',
    'Compare with the members of the fleet: the same growth on all of them is a new release or more use, on one it is this device.',
    'When the amount is to stay, write it down as a `budget` claim; it needs no learning.',
  ],
  references: ['reference/detection.md D06, P7'],
  examples: VOLUME_OVER_DAYS_EXAMPLES,
  recompute: octetsOfDays,
  attends: attendsVolumes(VOLUME_OVER_DAYS_ID),
  evaluator: (unit, parameters) =>
    new VolumeEvaluator(
      unit,
      VOLUME_OVER_DAYS_ID,
      consumers.of(unit, parameters, () => new DaysConsumer(unit, parameters)),
    ),
};

function octetsOfDays(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const { windowFromMs, windowToMs } = finding;
  return sumOf(
    laneRecords(finding, rows, claims),
    (record) => estimateOf(record, laneDirection(finding)) * shareWithin(record, windowFromMs, windowToMs),
  );
}
