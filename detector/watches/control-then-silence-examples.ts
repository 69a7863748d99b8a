import { day, EXAMPLE_FROM, EXAMPLE_STOP, EXAMPLE_UNTIL, SCANNERS, SEEN, session, WATCH_CLAIMS } from './example-facts.js';
import type { Watch } from './watch.js';

const COMMON = { claims: WATCH_CLAIMS, ledger: SEEN, from: EXAMPLE_FROM, until: EXAMPLE_UNTIL } as const;

export const CONTROL_THEN_SILENCE_EXAMPLES: Watch['examples'] = {
  fires: [
    {
      ...COMMON,
      name: 'a session from outside, and two minutes later the device is silent',
      rows: [...day([SCANNERS[0]]), session('203.0.113.7', '10.40.10.11 22', '2026-11-05T09:57:30Z')],
    },
    {
      ...COMMON,
      name: 'one source goes before the silence of two devices',
      rows: [
        ...day(SCANNERS.slice(0, 2)),
        session('203.0.113.7', '10.40.10.11 22', '2026-11-05T09:57:30Z'),
        session('203.0.113.7', '10.40.10.12 22', '2026-11-05T09:58:00Z'),
      ],
    },
  ],
  silent: [
    { ...COMMON, name: 'silence without anybody before it', rows: day([SCANNERS[0]]) },
    {
      ...COMMON,
      name: 'a session without silence',
      rows: [...day([]), session('203.0.113.7', '10.40.10.11 22', '2026-11-05T09:57:30Z')],
    },
    {
      ...COMMON,
      name: 'a peer that asks every five minutes all day is always the last',
      rows: [...day([SCANNERS[0]]), { ...session('10.40.20.5', '10.40.10.11 443', EXAMPLE_FROM), times: 995, everySeconds: 300 }],
    },
    {
      ...COMMON,
      name: 'the exporter went at the same minute: nobody knows whether the device did',
      rows: [...day([SCANNERS[0]]), session('203.0.113.7', '10.40.10.11 22', '2026-11-05T09:57:30Z')],
      ledger: [{ sensor: 'border', from: EXAMPLE_FROM, to: EXAMPLE_STOP }],
    },
  ],
};
