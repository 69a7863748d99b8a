import { payloadOf } from '../../baseline/asset-volumes.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { Detection, FindingFlow } from '../detection.js';
import type { ObservedRecord } from '../observed-record.js';
import { shareWithin, sumOf } from '../recompute.js';
import { FlipConsumer } from './asymmetry-flip-evaluator.js';
import { ASYMMETRY_FLIP_EXAMPLES } from './asymmetry-flip-examples.js';
import { ASYMMETRY_FLIP_ID, ASYMMETRY_FLIP_PARAMETERS } from './asymmetry-flip-parameters.js';
import { laneRecords } from './peer-lane.js';
import { attendsVolumes, PerEngine, VolumeEvaluator } from './volume-evaluator.js';

const consumers = new PerEngine<FlipConsumer>();

export const asymmetryFlip: Detection<typeof ASYMMETRY_FLIP_PARAMETERS> = {
  id: ASYMMETRY_FLIP_ID,
  title: 'Upload where there was download',
  question: 'Does the equipment send to peers that it used to receive from?',
  claimKinds: [],
  attack: [
    { id: 'T1041', matrix: 'enterprise', version: '18.0' },
    { id: 'T1567', matrix: 'enterprise', version: '18.0' },
    { id: 'T0882', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: ASYMMETRY_FLIP_PARAMETERS,
  columns: [
    'octetDeltaCount',
    'reverseOctetDeltaCount',
    'packetDeltaCount',
    'reversePacketDeltaCount',
    'samplingInterval',
    'flowStartMilliseconds',
    'flowEndMilliseconds',
    'bgpSourceAsNumber',
    'bgpDestinationAsNumber',
  ],
  history:
    '14 days of the asset’s records, and eight hours with a megabyte for each group of peers; a large upload to somebody outside whom no claim admits is told from the first hour on, with the record that makes it one where both directions are told; all else when the hour has settled, 31 minutes after its end',
  falsePositives: [
    'Logs or a support bundle that the vendor asked for.',
    'A VPN or remote desktop: its directions follow who works.',
    'Retransmissions on a bad line count as sent.',
    'Not assessable where the sensors tell one direction only (asymmetric routing, one-way export on one side): such hours are neither learned nor judged.',
  ],
  runbook: [
    'What was sent? Look at the sessions of that hour: one large upload, or many small ones.',
    'Does the application upload at all? For an update or licence server the answer is no.',
    'Is the peer a storage or paste service? Then treat it as exfiltration until somebody explains it.',
  ],
  references: ['reference/detection.md D07, P7'],
  examples: ASYMMETRY_FLIP_EXAMPLES,
  recompute: sharePercent,
  attends: attendsVolumes(ASYMMETRY_FLIP_ID),
  evaluator: (unit, parameters) =>
    new VolumeEvaluator(
      unit,
      ASYMMETRY_FLIP_ID,
      consumers.of(unit, parameters, () => new FlipConsumer(unit, parameters)),
    ),
};

/** Sent payload in % of all payload of the group in the window. */
function sharePercent(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const { windowFromMs, windowToMs } = finding;
  const records = laneRecords(finding, rows, claims);
  const within = (record: ObservedRecord): number => shareWithin(record, windowFromMs, windowToMs) * record.sampling;
  const up = sumOf(records, (record) => payloadOf(record.octetsOut, record.packetsOut) * within(record));
  const down = sumOf(records, (record) => payloadOf(record.octetsIn, record.packetsIn) * within(record));
  return (100 * up) / (up + down);
}
