import type { ParameterTable } from '../detections/detection.js';
import type { Finding } from '../findings/finding.js';
import { BLIND_TELEMETRY_EXAMPLES } from './blind-telemetry-examples.js';
import { blindnessOf, recomputeBlindness } from './blindness-kinds.js';
import { lagWithdrawal, lateWithin, pipelineLagOf, recomputeLag } from './pipeline-lag.js';
import type { Scene } from './scene.js';
import type { Watch } from './watch.js';
import { watchFinding } from './watch-finding.js';

const ID = 'blind-telemetry';

const PARAMETERS = {
  pauses: {
    default: 3,
    least: 2,
    most: 100,
    unit: 'usual pauses between messages of the exporter',
    reason: 'One message may be lost; three in a row are not (detection.md D19). Twice the second longest pause must have passed as well.',
  },
  leastSilenceSeconds: {
    default: 90,
    least: 10,
    most: 86_400,
    unit: 's',
    reason: 'Exporters flush once a minute at most when there is little to tell.',
  },
  lossPercent: {
    default: 1,
    least: 0.01,
    most: 100,
    unit: '% of what was sent in five minutes',
    reason: 'Enough to miss one short session in a hundred: worth knowing.',
  },
  heavyLossPercent: {
    default: 5,
    least: 0.01,
    most: 100,
    unit: '% of what was sent in five minutes',
    reason: 'Findings of that time are doubtful.',
  },
  leastLost: {
    default: 10,
    least: 1,
    most: 1_000_000,
    unit: 'records (messages where records are not numbered)',
    reason: 'One message of a quiet exporter is a large share of five minutes, and no news.',
  },
  lagMinutes: {
    default: 10,
    least: 2,
    most: 1440,
    unit: 'minutes of which the ledger tells nothing, neither messages nor that there were none',
    reason:
      'A restart, a rebalanced group or a full disk buffer are made up for in minutes; longer, somebody should know that nothing is known.',
  },
  clockSeconds: {
    default: 30,
    least: 1,
    most: 86_400,
    unit: 's',
    reason: 'Beyond, minutes of different sensors no longer match (detection.md D19).',
  },
} as const satisfies ParameterTable;

export const blindTelemetry: Watch<typeof PARAMETERS> = {
  id: ID,
  title: 'Blind telemetry',
  question: 'When could the sensors not see what the equipment did?',
  attack: [
    { id: 'T1562', matrix: 'enterprise', version: '18.0' },
    { id: 'T1562.006', matrix: 'enterprise', version: '18.0' },
    { id: 'T0804', matrix: 'ics', version: '18.0' },
    { id: 'T0878', matrix: 'ics', version: '18.0' },
    { id: 'T0815', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  history: 'twenty pauses between messages of the exporter; none for loss, templates, clock, sampling and drops',
  falsePositives: [
    'An exporter with little to tell that was quiet for longer than ever before; declare its heartbeat in the claim file.',
    'A restart or a software update of the exporter.',
    'Lag: somebody has stopped the collector, the bus or the store on purpose. The finding is taken back when what was missing has come.',
  ],
  runbook: [
    'cordon doctor says how the exporter stands now, and what to do.',
    'Lag of the pipeline: look at collector, bus and store (queue, disk, group lag), not at the exporters; whether they are silent is told when the ledger has come.',
    'What the equipment did in that time is not known: claims that rest on this sensor are not proven for it, and silences in it are not reported.',
    'Did it happen together with something else, such as a session on the exporter itself? Then somebody may have blinded it.',
  ],
  references: ['reference/detection.md D19'],
  examples: BLIND_TELEMETRY_EXAMPLES,
  evaluate: (scene, parameters) => evaluate(scene, parameters),
  recompute: (finding, { minutes }) => recomputeLag(finding, minutes) ?? recomputeBlindness(finding, minutes),
  withdrawal: lagWithdrawal,
};

function evaluate(scene: Scene, parameters: Readonly<Record<string, number>>): Finding[] {
  const { claims, sight } = scene;
  if (sight === undefined) return [];
  const findings: Finding[] = [];
  for (let at = scene.fromMs; at < scene.untilMs; ) {
    const { toMs } = claims.periodOf(at);
    const untilMs = Math.min(toMs, scene.untilMs);
    const late = lateWithin(sight, at, untilMs, parameters.clockSeconds!);
    for (const blindness of [
      ...blindnessOf(scene, at, untilMs, parameters, late),
      ...pipelineLagOf(scene, at, untilMs, parameters, late),
    ]) {
      const { kind, sensor, ...said } = blindness;
      findings.push(
        watchFinding(claims, {
          ...said,
          detection: ID,
          part: kind,
          fleet: '',
          asset: sensor,
          atMs: at,
          confidence: 95,
          expected: said.expected,
        }),
      );
    }
    at = toMs;
  }
  return findings;
}
