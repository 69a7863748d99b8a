import { describe, expect, test } from 'vitest';
import type { Incident, Truth } from '../../fixtures/generator/weeks/truth.js';
import type { Alert } from '../bench/evaluate/alerts.js';
import { score } from '../bench/evaluate/score.js';

const at = (text: string): number => Date.parse(`2026-12-${text}Z`);
const incident: Incident = {
  id: 'beacon-1',
  kind: 'beacon',
  asset: 'a',
  touched: ['a'],
  peer: '203.0.113.1',
  from: '2026-12-10T10:00:00.000Z',
  to: '2026-12-10T12:00:00.000Z',
  detections: ['beacon', 'new-destination'],
  about: 'every minute',
};
const truth: Truth = {
  version: 1,
  seed: 1,
  timezone: 'UTC',
  from: '2026-12-01T00:00:00.000Z',
  to: '2026-12-31T00:00:00.000Z',
  devices: 2,
  incidents: [incident],
  nuisances: [
    {
      ...{ id: 'clock-skew', kind: 'clock-skew', assets: ['a'], told: ['blind-telemetry'], about: 'ahead' },
      ...{ from: '2026-12-20T00:00:00.000Z', to: '2026-12-20T06:00:00.000Z' },
    },
  ],
};
const alert = (by: string, asset: string, said: string): Alert => ({
  ...{ by, asset, peer: '', port: 0, fromMs: at(said), toMs: at(said), atMs: at(said), sentence: '' },
});
const judge = (...alerts: Alert[]) => score(truth, alerts, ['beacon', 'volume-up'], at('05T00:00:00'));

describe('the score', () => {
  test('an incident is found by what is said about its asset in its time, and its delay is that of the first', () => {
    const { detections, kinds, falseAlerts } = judge(alert('beacon', 'a', '10T11:30:00'), alert('beacon', 'a', '10T11:00:00'));
    expect(kinds).toMatchObject([{ kind: 'beacon', planted: 1, found: 1, medianMs: 3_600_000, missed: [], by: ['beacon'] }]);
    expect(detections[0]).toMatchObject({ own: 1, foundOwn: 1, found: 1, falseAlerts: 0 });
    expect(falseAlerts).toEqual([]);
  });

  test('what another detection says there is no false finding, and does not find it', () => {
    const { kinds, falseAlerts } = judge(alert('volume-up', 'a', '10T11:00:00'));
    expect(kinds).toMatchObject([{ found: 0, missed: ['beacon-1 (a, every minute)'] }]);
    expect(falseAlerts).toEqual([]);
  });

  test('what is said before it began, about another asset, or more than a day later is false', () => {
    const { falseAlerts } = judge(
      alert('beacon', 'a', '10T09:30:00'),
      alert('beacon', 'b', '10T11:00:00'),
      alert('beacon', 'a', '12T11:00:00'),
    );
    expect(falseAlerts).toHaveLength(3);
  });

  test('while learning nothing is judged, and what a nuisance’s sensor does may be told', () => {
    expect(judge(alert('beacon', 'b', '04T09:30:00'), alert('blind-telemetry', 'border', '20T03:00:00')).falseAlerts).toEqual([]);
    expect(judge(alert('blind-telemetry', 'border', '15T03:00:00')).falseAlerts).toHaveLength(1);
  });
});
