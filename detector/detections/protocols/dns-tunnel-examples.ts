import type { Detection, ExampleRow } from '../detection.js';
import { OPEN_CLAIMS } from '../example-claims.js';

/** Six hundred questions in five minutes, 84 octets each, as a desktop asks that reads the web. */
const NAMES: ExampleRow = {
  at: '2026-11-20T12:00:00Z',
  from: '10.40.10.11 40001',
  to: '10.40.30.53 53',
  protocol: 'udp',
  octets: 84,
  packets: 1,
  reverseOctets: 147,
  reversePackets: 1,
  times: 600,
  everySeconds: 0.5,
  portStep: 1,
};

/** Connections of a quarter of an hour to a public resolver's HTTPS. */
const OVER_HTTPS: ExampleRow = {
  ...{ at: '2026-11-20T08:00:00Z', seconds: 800, from: '10.40.10.11 41000', to: '1.1.1.1 443', protocol: 'tcp', portStep: 1 },
  ...{ octets: 900_000, packets: 4000, reverseOctets: 1_400_000, reversePackets: 4000, times: 20, everySeconds: 900 },
};

export const DNS_TUNNEL_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'long names, as of dnscat2', claims: OPEN_CLAIMS, rows: [{ ...NAMES, octets: 279, reverseOctets: 326 }] },
    { name: 'short names with long answers, as of dns2tcp', claims: OPEN_CLAIMS, rows: [{ ...NAMES, octets: 70, reverseOctets: 465 }] },
    {
      name: 'a slow tunnel: six long questions a minute, all day',
      claims: OPEN_CLAIMS,
      rows: [{ ...NAMES, at: '2026-11-20T00:00:00Z', octets: 250, times: 8000, everySeconds: 10 }],
    },
    {
      name: 'a thousand long questions in a day, among the names that people need',
      claims: OPEN_CLAIMS,
      rows: [NAMES, { ...NAMES, at: '2026-11-20T13:00:00Z', octets: 180, times: 1000, everySeconds: 20 }],
    },
    {
      name: 'nothing to say, and a question every four seconds from one port',
      claims: OPEN_CLAIMS,
      rows: [{ ...NAMES, octets: 76, times: 1800, everySeconds: 4, portStep: 0 }],
    },
    {
      name: 'the same in one record of two hours',
      claims: OPEN_CLAIMS,
      rows: [{ ...NAMES, seconds: 7200, octets: 136_800, packets: 1800, reverseOctets: 212_400, reversePackets: 1800, times: 1 }],
    },
    {
      name: 'questions and answers in records of one direction each',
      claims: OPEN_CLAIMS,
      rows: [
        {
          at: NAMES.at,
          from: NAMES.from,
          to: NAMES.to,
          protocol: 'udp',
          octets: 279,
          packets: 1,
          times: 600,
          everySeconds: 0.5,
          portStep: 1,
        },
      ],
    },
    {
      name: 'one packet in ten, from one port',
      claims: OPEN_CLAIMS,
      rows: [{ ...NAMES, octets: 279, times: 60, everySeconds: 5, portStep: 0, sampling: 10 }],
    },
    { name: '18 MB in a day to a public resolver over HTTPS', claims: OPEN_CLAIMS, rows: [OVER_HTTPS] },
  ],
  silent: [
    { name: 'names asked over HTTPS all day', claims: OPEN_CLAIMS, rows: [{ ...OVER_HTTPS, octets: 60_000, packets: 400 }] },
    { name: 'as much to a server of the web', claims: OPEN_CLAIMS, rows: [{ ...OVER_HTTPS, to: '192.0.2.80 443' }] },
    { name: 'many names', claims: OPEN_CLAIMS, rows: [NAMES] },
    { name: 'few long names', claims: OPEN_CLAIMS, rows: [{ ...NAMES, octets: 279, times: 100 }] },
    { name: 'long names to another port', claims: OPEN_CLAIMS, rows: [{ ...NAMES, to: '10.40.30.53 5353', octets: 279 }] },
    {
      name: 'small questions that make a megabyte',
      claims: OPEN_CLAIMS,
      rows: [{ ...NAMES, at: '2026-11-20T00:00:00Z', times: 8000, everySeconds: 10, octets: 85, packets: 1 }],
    },
    {
      name: 'a question every four seconds, each from a port of its own',
      claims: OPEN_CLAIMS,
      rows: [{ ...NAMES, octets: 76, times: 1800, everySeconds: 4 }],
    },
    {
      name: 'a question a minute from one port',
      claims: OPEN_CLAIMS,
      rows: [{ ...NAMES, octets: 76, times: 300, everySeconds: 60, portStep: 0 }],
    },
    {
      name: 'a resolver that is gone, asked again and again from one port',
      claims: OPEN_CLAIMS,
      rows: [
        {
          at: NAMES.at,
          from: NAMES.from,
          to: NAMES.to,
          protocol: 'udp',
          octets: 76,
          packets: 1,
          reverseOctets: 0,
          reversePackets: 0,
          times: 1800,
          everySeconds: 4,
        },
      ],
    },
    {
      name: 'a name server that asks others, from its own port',
      claims: OPEN_CLAIMS,
      rows: [{ ...NAMES, from: '10.40.10.11 53', octets: 76, times: 1800, everySeconds: 4, portStep: 0 }],
    },
    {
      name: 'an asset that answers for names',
      claims: OPEN_CLAIMS,
      rows: [{ ...NAMES, from: '10.40.77.5 40001', to: '10.40.10.11 53', octets: 279 }],
    },
  ],
};
