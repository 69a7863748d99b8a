import type { ExampleRow } from '../detections/detection.js';
import { day, EXAMPLE_FROM, EXAMPLE_UNTIL, SCANNERS, SEEN, WATCH_CLAIMS } from './example-facts.js';
import type { Watch } from './watch.js';

const COMMON = { claims: WATCH_CLAIMS, parameters: { warmUpHours: 24 }, ledger: SEEN, from: EXAMPLE_FROM, until: EXAMPLE_UNTIL } as const;

/** A device asks somebody outside for a page. */
export function asks(address: string, peer: string, at: string, port = 443): ExampleRow {
  return {
    at,
    seconds: 4,
    from: `${address} 50321`,
    to: `${peer} ${port}`,
    protocol: 'tcp',
    octets: 2000,
    reverseOctets: 40_000,
    flags: 'SAPF',
    reverseFlags: 'SAPF',
  };
}

const AT = ['2026-11-05T10:00:05Z', '2026-11-05T10:02:40Z', '2026-11-05T10:04:10Z', '2026-11-05T10:07:30Z'] as const;
const CONTROL = '198.51.100.66';
/** The update server, asked every night at one. */
const updates = (address: string, peer: string, times: number, at: string): ExampleRow => ({
  ...asks(address, peer, at),
  times,
  everySeconds: 86_400,
});

export const FLEET_CONTACT_EXAMPLES: Watch['examples'] = {
  fires: [
    {
      ...COMMON,
      name: 'all scanners of a vendor ask somebody whom none of them knew, within eight minutes',
      rows: [...day([]), ...SCANNERS.map((address, n) => asks(address, CONTROL, AT[n]!))],
    },
    {
      ...COMMON,
      name: 'three of four, each another address of one network',
      rows: [...day([]), ...SCANNERS.slice(1).map((address, n) => asks(address, `198.51.100.${70 + n}`, AT[n]!, 8443))],
    },
    {
      ...COMMON,
      name: 'each begins with somebody else, on one port that none of them had to do with',
      rows: [
        ...day([]),
        ...SCANNERS.map((address, n) => asks(address, ['198.51.100.9', '203.0.113.9', '192.0.2.9', '2001:db8:9::9'][n]!, AT[n]!, 4444)),
      ],
    },
  ],
  silent: [
    {
      ...COMMON,
      name: 'the update server moved: asked at its usual hour, and the old one no more',
      rows: [
        ...day([]),
        ...SCANNERS.map((address, n) => updates(address, '203.0.113.80', 3, `2026-11-02T01:0${n}:00Z`)),
        ...SCANNERS.map((address, n) => updates(address, CONTROL, 1, `2026-11-05T01:0${n}:00Z`)),
      ],
    },
    {
      ...COMMON,
      name: 'one of them has known the place for days',
      rows: [
        ...day([]),
        asks(SCANNERS[0], CONTROL, '2026-11-03T09:00:00Z'),
        ...SCANNERS.slice(1).map((address, n) => asks(address, CONTROL, AT[n]!)),
      ],
    },
    {
      ...COMMON,
      name: 'hours lie between them',
      rows: [...day([]), ...SCANNERS.map((address, n) => asks(address, CONTROL, `2026-11-05T0${6 + n}:30:00Z`))],
    },
    {
      ...COMMON,
      name: 'a new server inside, which a set names',
      rows: [...day([]), ...SCANNERS.map((address, n) => asks(address, '10.40.9.4', AT[n]!))],
    },
    {
      ...COMMON,
      name: 'the devices are being learned',
      parameters: { warmUpHours: 168 },
      rows: [...day([]), ...SCANNERS.map((address, n) => asks(address, CONTROL, AT[n]!))],
    },
    {
      ...COMMON,
      name: 'the exporter was silent before: nobody knows when they met',
      rows: [...day([]), ...SCANNERS.map((address, n) => asks(address, CONTROL, AT[n]!))],
      ledger: [
        { sensor: 'border', from: EXAMPLE_FROM, to: '2026-11-05T08:00:00Z' },
        { sensor: 'border', from: '2026-11-05T10:00:00Z', to: EXAMPLE_UNTIL },
      ],
    },
  ],
};
