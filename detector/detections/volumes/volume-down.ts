import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { Detection, FindingFlow } from '../detection.js';
import { estimateOf, shareWithin, sumOf } from '../recompute.js';
import { laneDirection, laneRecords } from './peer-lane.js';
import { FallConsumer } from './volume-down-evaluator.js';
import { VOLUME_DOWN_EXAMPLES } from './volume-down-examples.js';
import { VOLUME_DOWN_ID, VOLUME_DOWN_PARAMETERS } from './volume-down-parameters.js';
import { attendsVolumes, PerEngine, VolumeEvaluator } from './volume-evaluator.js';

const consumers = new PerEngine<FallConsumer>();

export const volumeDown: Detection<typeof VOLUME_DOWN_PARAMETERS> = {
  id: VOLUME_DOWN_ID,
  title: 'Less data than usual',
  question: 'Does the equipment send or receive much less than it usually does at this hour, although it is still there?',
  claimKinds: [],
  attack: [
    { id: 'T1489', matrix: 'enterprise', version: '18.0' },
    { id: 'T1499', matrix: 'enterprise', version: '18.0' },
    { id: 'T0826', matrix: 'ics', version: '18.0' },
    { id: 'T0815', matrix: 'ics', version: '18.0' },
    { id: 'T0814', matrix: 'ics', version: '18.0' },
  ],
  severity: 'low',
  parameters: VOLUME_DOWN_PARAMETERS,
  columns: ['octetDeltaCount', 'reverseOctetDeltaCount', 'samplingInterval', 'flowStartMilliseconds', 'flowEndMilliseconds'],
  history: '14 days of the asset’s records, by hour of the week in the claim file’s time zone; an hour is judged 31 minutes after its end',
  falsePositives: [
    'A strike, a line that stands still: less work is less data, one finding for each device. A public holiday is known as one by the second hour of work, where the equipment and its peers begin as little as at weekends; a device that works alike on all days, or falls within that hour, is told.',
    'A route that the sensors do not see took a part of the traffic.',
    'Not assessable: hours in which longer than usual no record at all tells of the asset. Whether the device or its sensor was silent is the question of silence.',
  ],
  runbook: [
    'Is the device wanted now? Ask its operators before anything else.',
    'Which peers are missing beside the same hour of the week before? One service that stopped, or all of them at once?',
    'Does the fleet show the same? Then look at what they share: server, vendor, site, exporter.',
  ],
  references: ['reference/detection.md D04, P3'],
  examples: VOLUME_DOWN_EXAMPLES,
  recompute: (finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims) =>
    sumOf(
      laneRecords(finding, rows, claims),
      (record) => estimateOf(record, laneDirection(finding)) * shareWithin(record, finding.windowFromMs, finding.windowToMs),
    ),
  attends: attendsVolumes(VOLUME_DOWN_ID),
  evaluator: (unit, parameters) =>
    new VolumeEvaluator(
      unit,
      VOLUME_DOWN_ID,
      consumers.of(unit, parameters, () => new FallConsumer(unit, parameters)),
    ),
};
