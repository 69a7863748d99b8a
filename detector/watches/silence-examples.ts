import { day, EXAMPLE_FROM, EXAMPLE_STOP, EXAMPLE_UNTIL, PUMPS, SCANNERS, SEEN, talking, WATCH_CLAIMS } from './example-facts.js';
import type { Watch } from './watch.js';

const COMMON = { claims: WATCH_CLAIMS, parameters: { warmUpHours: 24 }, ledger: SEEN, from: EXAMPLE_FROM, until: EXAMPLE_UNTIL } as const;

export const SILENCE_EXAMPLES: Watch['examples'] = {
  fires: [
    { ...COMMON, name: 'one device stops, the others go on', rows: day([SCANNERS[0]]) },
    {
      ...COMMON,
      name: 'one device stops for half an hour and comes back',
      rows: [...day([SCANNERS[1]]), talking(SCANNERS[1], '2026-11-05T10:31:00Z', EXAMPLE_UNTIL)],
    },
  ],
  silent: [
    { ...COMMON, name: 'nobody stops', rows: day([]) },
    { ...COMMON, name: 'the same while the asset is being learned', parameters: { warmUpHours: 168 }, rows: day([SCANNERS[0]]) },
    { ...COMMON, name: 'two minutes are no silence', rows: [...day([PUMPS[0]]), talking(PUMPS[0], '2026-11-05T10:03:00Z', EXAMPLE_UNTIL)] },
    {
      ...COMMON,
      name: 'the exporter says nothing either',
      rows: day([SCANNERS[0]]),
      ledger: [{ sensor: 'border', from: EXAMPLE_FROM, to: EXAMPLE_STOP }],
    },
    { ...COMMON, name: 'several that stop together are told once, as a fleet', rows: day(SCANNERS) },
  ],
};
