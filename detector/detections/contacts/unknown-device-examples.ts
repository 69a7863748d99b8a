import type { Detection, ExampleRow } from '../detection.js';
import { OPEN_CLAIMS } from '../example-claims.js';

/** A neighbour, every day for twenty days. */
const USUAL: ExampleRow = {
  at: '2026-11-01T08:00:00Z',
  seconds: 5,
  from: '10.40.10.200 50000',
  to: '10.40.10.11 443',
  protocol: 'tcp',
  octets: 5000,
  reverseOctets: 900,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 20,
  everySeconds: 86_400,
};
const STRANGER: ExampleRow = { ...USUAL, at: '2026-11-20T12:00:00Z', from: '10.40.10.66 50000', times: 1 };
/** What the asset sends, with its MAC address. */
const SENDS: ExampleRow = { ...USUAL, from: '10.40.10.11 40000', to: '10.40.30.10 445', fromMac: 0x021100000011 };
const OTHER_MAC: ExampleRow = { ...SENDS, at: '2026-11-20T12:00:00Z', fromMac: 0x0211000000ee, times: 1 };

export const UNKNOWN_DEVICE_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'a neighbour that was never there', claims: OPEN_CLAIMS, rows: [USUAL, STRANGER] },
    {
      name: 'a stranger that the asset asks, and that answers',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...STRANGER, from: '10.40.10.11 50000', to: '10.40.10.66 80', reverseOctets: 9000 }],
    },
    {
      name: 'three packets in three exchanges',
      claims: OPEN_CLAIMS,
      rows: [
        USUAL,
        {
          ...STRANGER,
          protocol: 'udp',
          octets: 100,
          reverseOctets: 0,
          flags: '',
          reverseFlags: '',
          times: 3,
          everySeconds: 60,
          portStep: 1,
        },
      ],
    },
    { name: 'another device under the address of the asset', claims: OPEN_CLAIMS, rows: [SENDS, OTHER_MAC] },
  ],
  silent: [
    { name: 'the usual neighbour', claims: OPEN_CLAIMS, rows: [USUAL] },
    { name: 'a new one while learning', claims: OPEN_CLAIMS, rows: [USUAL, { ...STRANGER, at: '2026-11-04T12:00:00Z' }] },
    {
      name: 'an address that is tried and does not answer',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...STRANGER, from: '10.40.10.11 50000', to: '10.40.10.66 80', flags: 'S', reverseFlags: '', reverseOctets: 0 }],
    },
    { name: 'another asset of the inventory', claims: OPEN_CLAIMS, rows: [USUAL, { ...STRANGER, from: '10.40.10.12 50000' }] },
    { name: 'somebody in another subnet', claims: OPEN_CLAIMS, rows: [USUAL, { ...STRANGER, from: '10.40.77.66 50000' }] },
    {
      name: 'two packets',
      claims: OPEN_CLAIMS,
      rows: [
        USUAL,
        { ...STRANGER, protocol: 'udp', octets: 100, reverseOctets: 0, flags: '', reverseFlags: '', times: 2, everySeconds: 60 },
      ],
    },
    {
      name: 'a broadcast',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...STRANGER, from: '10.40.10.11 137', to: '10.40.10.255 137', protocol: 'udp', reverseOctets: 0 }],
    },
    {
      name: 'a second card that was there from the first day on',
      claims: OPEN_CLAIMS,
      rows: [SENDS, { ...OTHER_MAC, at: '2026-11-02T12:00:00Z' }, OTHER_MAC],
    },
    { name: 'a virtual router', claims: OPEN_CLAIMS, rows: [SENDS, { ...OTHER_MAC, fromMac: 0x00005e000107 }] },
  ],
};
