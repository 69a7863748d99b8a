import { day, EXAMPLE_FROM, EXAMPLE_STOP, EXAMPLE_UNTIL, PUMPS, SCANNERS, SEEN, WATCH_CLAIMS } from './example-facts.js';
import type { Watch } from './watch.js';

const COMMON = { claims: WATCH_CLAIMS, parameters: { warmUpHours: 24 }, ledger: SEEN, from: EXAMPLE_FROM, until: EXAMPLE_UNTIL } as const;

export const FLEET_SILENCE_EXAMPLES: Watch['examples'] = {
  fires: [
    { ...COMMON, name: 'all scanners of a vendor, while the pumps beside them go on', rows: day(SCANNERS) },
    { ...COMMON, name: 'three of four scanners', rows: day(SCANNERS.slice(1)) },
    { ...COMMON, name: 'everything at the site, while the same exporter tells of another site', rows: day([...SCANNERS, ...PUMPS]) },
  ],
  silent: [
    { ...COMMON, name: 'nobody stops', rows: day([]) },
    { ...COMMON, name: 'one device', rows: day([SCANNERS[0]]) },
    {
      ...COMMON,
      name: 'the exporter says nothing either: nobody knows',
      rows: day(SCANNERS),
      ledger: [{ sensor: 'border', from: EXAMPLE_FROM, to: EXAMPLE_STOP }],
    },
  ],
};
