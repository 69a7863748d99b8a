import { day, EXAMPLE_FROM, EXAMPLE_UNTIL, heardNothing, SEEN, STOPPED, WATCH_CLAIMS } from './example-facts.js';
import type { Watch } from './watch.js';

const COMMON = { claims: WATCH_CLAIMS, rows: day([]), ledger: SEEN, from: EXAMPLE_FROM, until: EXAMPLE_UNTIL } as const;
const BACK = '2026-11-05T10:20:00Z';
const HEALTHY = { sensor: 'border', from: EXAMPLE_FROM, to: '2026-11-05T10:00:00Z' } as const;
const AFTER = { sensor: 'border', from: BACK, to: EXAMPLE_UNTIL } as const;

export const BLIND_TELEMETRY_EXAMPLES: Watch['examples'] = {
  fires: [
    {
      ...COMMON,
      name: 'the exporter is silent for twenty minutes',
      ledger: [HEALTHY, heardNothing('border', '2026-11-05T10:01:00Z', BACK), AFTER],
    },
    { ...COMMON, name: 'nobody collects for twenty minutes', ledger: [HEALTHY, AFTER] },
    { ...COMMON, name: 'the exporter has stopped, and the collector says so', ledger: STOPPED },
    { ...COMMON, name: 'the ledger ends an hour ago: collector, bus or store is behind', ledger: [HEALTHY] },
    {
      ...COMMON,
      name: 'nobody says whether the exporter is silent, while the ledger goes on with another',
      ledger: [HEALTHY, { ...SEEN[0]!, sensor: 'second' }],
    },
    {
      ...COMMON,
      name: 'messages of two exporters come two minutes late together',
      ledger: [
        { ...SEEN[0]!, facts: { clockOffsetMilliseconds: 120_000 } },
        { ...SEEN[0]!, sensor: 'second', facts: { clockOffsetMilliseconds: 125_000 } },
      ],
    },
    {
      ...COMMON,
      name: 'a tenth of the records is lost for twenty minutes',
      ledger: [
        HEALTHY,
        { ...HEALTHY, from: HEALTHY.to, to: BACK, facts: { recordsSent: 100, recordsReceived: 90, recordsLost: 10 } },
        AFTER,
      ],
    },
    {
      ...COMMON,
      name: 'templates are not heard, and records are given up unread',
      ledger: [HEALTHY, { ...HEALTHY, from: HEALTHY.to, to: BACK, facts: { templatesMissing: 2, recordsUndecodable: 20 } }, AFTER],
    },
    {
      ...COMMON,
      name: 'a template is redefined in flight',
      ledger: [
        HEALTHY,
        { ...HEALTHY, from: HEALTHY.to, to: '2026-11-05T10:01:00Z', facts: { templatesChanged: 1 } },
        { ...AFTER, from: '2026-11-05T10:01:00Z' },
      ],
    },
    { ...COMMON, name: 'its clock is off by a minute', ledger: [{ ...SEEN[0]!, facts: { clockOffsetMilliseconds: 61_000 } }] },
    {
      ...COMMON,
      name: 'it samples now',
      ledger: [
        { ...HEALTHY, facts: { samplingInterval: 1 } },
        { ...AFTER, from: HEALTHY.to, facts: { samplingInterval: 512 } },
      ],
    },
    {
      ...COMMON,
      name: 'it says itself that it did not look at packets',
      ledger: [HEALTHY, { ...AFTER, from: HEALTHY.to, facts: { packetsMissed: 50 } }],
    },
    {
      ...COMMON,
      name: 'the kernel drops datagrams of somebody unknown',
      ledger: [HEALTHY, { ...AFTER, from: HEALTHY.to, facts: { kernelDrops: 5 } }],
    },
    {
      ...COMMON,
      name: 'messages were gone from the bus',
      ledger: [...SEEN, { sensor: '(bus)', from: HEALTHY.to, to: '2026-11-05T10:01:00Z', facts: { messagesLost: 3, messagesReceived: 0 } }],
    },
  ],
  silent: [
    { ...COMMON, name: 'an exporter that tells something every minute' },
    { ...COMMON, name: 'one minute without a message', ledger: [HEALTHY, { ...AFTER, from: '2026-11-05T10:01:00Z' }] },
    {
      ...COMMON,
      name: 'one record in a thousand is lost',
      ledger: [{ ...SEEN[0]!, facts: { recordsSent: 1000, recordsReceived: 999, recordsLost: 1 } }],
    },
    { ...COMMON, name: 'a clock that is ten seconds off', ledger: [{ ...SEEN[0]!, facts: { clockOffsetMilliseconds: 10_000 } }] },
    { ...COMMON, name: 'the pipeline is eight minutes behind', ledger: [{ ...SEEN[0]!, to: '2026-11-05T10:52:00Z' }] },
    {
      ...COMMON,
      name: 'two minutes without a message, as the collector says',
      ledger: [HEALTHY, heardNothing('border', HEALTHY.to, '2026-11-05T10:01:00Z'), { ...AFTER, from: '2026-11-05T10:01:30Z' }],
    },
    { ...COMMON, name: 'it has always sampled', ledger: [{ ...SEEN[0]!, facts: { samplingInterval: 512 } }] },
  ],
};
