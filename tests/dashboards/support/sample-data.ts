import { locationOf } from '../../../detector/claims/location/location.js';
import type { CLAIM_WINDOW_COLUMNS } from '../../../detector/coverage/claim-windows.js';
import type { VERDICT_COLUMNS } from '../../../detector/coverage/verdict-types.js';
import type { DECISION_COLUMNS } from '../../../detector/decisions/decision.js';
import type { EvidenceRow, FINDING_COLUMNS } from '../../../detector/findings/finding.js';
import type { JUDGEMENT_COLUMNS } from '../../../detector/findings/judgement.js';
import { createPlaceFinder, type PlaceFinder } from '../../../detector/places/place-finder.js';
import type { FLOW_COLUMNS } from '../../../flow/columns.js';
import type { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import type { Row } from './rows.js';

/** Thursday 2026-12-03, 00:00 in Amsterdam: the day of the bundled scenarios. */
export const DAY = Date.UTC(2026, 11, 2, 23);
export const DAY_RANGE = { from: '2026-12-02T23:00:00Z', to: '2026-12-03T23:00:00Z' };

interface Talk {
  readonly asset: string;
  readonly fleet: string;
  readonly address: string;
  readonly peer: string;
  readonly port: number;
  /** Hours of the day, from and to, in which it talks; minutes between two talks. */
  readonly hours: readonly [number, number];
  readonly every: number;
  readonly out: number;
  readonly in: number;
  readonly completion?: string;
}

const TALKS: readonly Talk[] = [
  {
    asset: 'scan-mv-01',
    fleet: 'scanners',
    address: '10.40.10.11',
    peer: '10.40.30.10',
    port: 445,
    hours: [6, 20],
    every: 12,
    out: 34_000_000,
    in: 210_000,
  },
  {
    asset: 'scan-mv-02',
    fleet: 'scanners',
    address: '10.40.10.12',
    peer: '10.40.30.10',
    port: 445,
    hours: [7, 19],
    every: 17,
    out: 29_000_000,
    in: 190_000,
  },
  {
    asset: 'scan-mv-01',
    fleet: 'scanners',
    address: '10.40.10.11',
    peer: '203.0.113.200',
    port: 8443,
    hours: [14, 14.4],
    every: 5,
    out: 5_200_000,
    in: 44_000,
  },
  {
    asset: 'scan-mv-01',
    fleet: 'scanners',
    address: '10.40.10.11',
    peer: '203.0.113.7',
    port: 443,
    hours: [9, 9.1],
    every: 5,
    out: 4_100,
    in: 6_900,
  },
  {
    asset: 'scan-mv-02',
    fleet: 'scanners',
    address: '10.40.10.12',
    peer: '198.51.100.99',
    port: 443,
    hours: [11, 13],
    every: 20,
    out: 180,
    in: 0,
    completion: 'attempt',
  },
  {
    asset: 'bssdb-1',
    fleet: 'billing',
    address: '10.70.11.21',
    peer: '10.70.20.14',
    port: 5432,
    hours: [1, 4],
    every: 3,
    out: 41_000_000,
    in: 2_600_000,
  },
  {
    asset: 'bssdb-1',
    fleet: 'billing',
    address: '10.70.11.21',
    peer: '10.70.99.10',
    port: 22,
    hours: [13, 17],
    every: 8,
    out: 2_300_000,
    in: 61_000,
  },
  {
    asset: 'bssdb-2',
    fleet: 'billing',
    address: '10.70.11.22',
    peer: '10.70.10.31',
    port: 5432,
    hours: [7, 22],
    every: 9,
    out: 8_400_000,
    in: 700_000,
  },
  {
    asset: 'bssdb-1',
    fleet: 'billing',
    address: 'fd00:70:11::21',
    peer: '2001:db8::40',
    port: 22,
    hours: [15, 15.2],
    every: 4,
    out: 51_000,
    in: 22_000,
  },
];

export function sampleFlows(): Row<typeof FLOW_COLUMNS>[] {
  return TALKS.flatMap((talk) => {
    const rows: Row<typeof FLOW_COLUMNS>[] = [];
    for (let at = DAY + talk.hours[0] * HOUR_MS; at < DAY + talk.hours[1] * HOUR_MS; at += talk.every * MINUTE_MS) {
      rows.push({
        flowStartMilliseconds: at,
        flowEndMilliseconds: at + 20_000,
        sourceIPv6Address: talk.address,
        destinationIPv6Address: talk.peer,
        sourceTransportPort: 40_000 + rows.length,
        destinationTransportPort: talk.port,
        protocolIdentifier: 6,
        octetDeltaCount: talk.out,
        reverseOctetDeltaCount: talk.in,
        packetDeltaCount: Math.ceil(talk.out / 1400),
        reversePacketDeltaCount: Math.ceil(talk.in / 1400),
        initiator: 'source',
        completion: talk.completion ?? 'transferred',
        sensor: talk.fleet === 'scanners' ? 'terminal-switch' : 'dc-core',
        exporterIPv6Address: '192.0.2.1',
        exportProtocol: 'ipfix',
        exportTimeMilliseconds: at + 20_000 + (talk.fleet === 'scanners' ? 15_000 : 35_000),
        asset: talk.asset,
        fleet: talk.fleet,
        assetSide: 'source',
      });
    }
    return rows;
  });
}

/** Location data of the sample day; 198.51.100.0/24 is in none of it. */
export function sampleFinder(): PlaceFinder {
  return createPlaceFinder({
    country: locationOf('country', 'country.csv', Buffer.from('203.0.113.0/25,DE\n203.0.113.128/25,NL\n2001:db8::/32,US\n')),
    asn: locationOf('asn', 'asn.csv', Buffer.from('203.0.113.0/24,64500\n2001:db8::/32,64501\n')),
  });
}

/** A finding with sensible values for all that a test does not care about. */
export function sampleFinding(given: Row<typeof FINDING_COLUMNS>): Row<typeof FINDING_COLUMNS> {
  return {
    revision: 1,
    detection: 'D00',
    confidence: 100,
    protocol: 6,
    initiator: 'asset',
    unit: 'octets',
    firstSeen: DAY,
    lastSeen: DAY + HOUR_MS,
    windowFrom: DAY,
    windowTo: DAY + DAY_MS,
    sessions: 1,
    records: 1,
    evidence: '[]',
    ...given,
  };
}

export function sampleFindings(): Row<typeof FINDING_COLUMNS>[] {
  return [
    {
      id: 'f1',
      claim: 'scanners-closed',
      detection: 'claim-only',
      severity: 'critical',
      fleet: 'scanners',
      asset: 'scan-mv-01',
      peerAddress: '203.0.113.200',
      port: 8443,
      completion: 'transferred',
      firstSeen: DAY + 14 * HOUR_MS,
      lastSeen: DAY + 14.4 * HOUR_MS,
      octetsOut: 26_000_000,
      octetsIn: 220_000,
      sentence: 'scan-mv-01 sent 26 MB to 203.0.113.200 tcp/8443, which no claim allows',
      // The first two ends are those of a published vector of Community ID.
      evidence: JSON.stringify([
        evidenceRow('128.232.110.120', 34_855, '66.35.250.204', 80),
        evidenceRow('2001:db8::11', 40_001, '2001:db8::200', 8443),
      ]),
    },
    {
      id: 'f2',
      claim: 'scanners-closed',
      detection: 'claim-only',
      severity: 'critical',
      fleet: 'scanners',
      asset: 'scan-mv-01',
      peerAddress: '203.0.113.7',
      port: 443,
      completion: 'transferred',
      firstSeen: DAY + 9 * HOUR_MS,
      lastSeen: DAY + 9.1 * HOUR_MS,
      octetsOut: 8_200,
      octetsIn: 13_800,
      sentence: 'scan-mv-01 exchanged 22 kB with 203.0.113.7 tcp/443, which no claim allows',
    },
    {
      id: 'f3',
      claim: 'scanners-closed',
      detection: 'claim-only',
      severity: 'high',
      fleet: 'scanners',
      asset: 'scan-mv-02',
      peerAddress: '198.51.100.99',
      port: 443,
      completion: 'attempt',
      firstSeen: DAY + 11 * HOUR_MS,
      lastSeen: DAY + 13 * HOUR_MS,
      octetsOut: 1_080,
      octetsIn: 0,
      sentence: 'scan-mv-02 tried 198.51.100.99 tcp/443 six times and was not answered',
    },
    {
      id: 'f4',
      claim: 'vendor-by-bastion',
      detection: 'claim-never',
      severity: 'high',
      fleet: 'billing',
      asset: 'bssdb-1',
      assetAddress: 'fd00:70:11::21',
      peerAddress: '2001:db8::40',
      port: 22,
      completion: 'transferred',
      firstSeen: DAY + 15 * HOUR_MS,
      lastSeen: DAY + 15.2 * HOUR_MS,
      octetsOut: 153_000,
      octetsIn: 66_000,
      initiator: 'peer',
      sentence: '2001:db8::40 opened an SSH session to bssdb-1 that did not come through the bastion',
    },
    {
      id: 'f5',
      claim: 'bastion-budget',
      detection: 'claim-budget',
      severity: 'medium',
      fleet: 'billing',
      asset: 'bssdb-1',
      peerAddress: '::',
      port: 0,
      completion: 'transferred',
      observed: 69_000_000,
      expected: 50_000_000,
      firstSeen: DAY + 13 * HOUR_MS,
      lastSeen: DAY + 17 * HOUR_MS,
      octetsOut: 69_000_000,
      octetsIn: 1_830_000,
      sentence: 'bssdb-1 sent 69 MB to the bastion in one day, 50 MB are allowed',
    },
    {
      id: 'f6',
      claim: '',
      detection: 'D03-volume-up',
      severity: 'low',
      fleet: 'billing',
      asset: 'bssdb-1',
      peerAddress: '10.70.99.10',
      peerName: 'bastion',
      port: 22,
      completion: 'transferred',
      firstSeen: DAY + 13 * HOUR_MS,
      lastSeen: DAY + 17 * HOUR_MS,
      octetsOut: 69_000_000,
      octetsIn: 1_830_000,
      confidence: 70,
      sentence: 'bssdb-1 sent nine times its usual day to 10.70.99.10 tcp/22',
    },
  ].map(sampleFinding);
}

function evidenceRow(source: string, sourcePort: number, destination: string, destinationPort: number): EvidenceRow {
  return {
    ...{ sensor: 'terminal-switch', exporter: '192.0.2.1', domain: 0, sequence: 7, record: 3, startMs: DAY, endMs: DAY + 1000 },
    ...{ source, sourcePort, destination, destinationPort, octets: 5_200_000, reverseOctets: 44_000, samplingInterval: 1 },
  };
}

export function sampleDecisions(): Row<typeof DECISION_COLUMNS>[] {
  const common = { at: DAY + 15 * HOUR_MS, effective: DAY + 15 * HOUR_MS, author: 'analyst-a', until: 0, accepted: '[]' };
  return [
    {
      ...common,
      id: 'd1',
      verb: 'acknowledge',
      severity: 'critical',
      reason: 'looking into it',
      finding: 'f1',
      sentence: 'scan-mv-01 sent 26 MB',
      asset: 'scan-mv-01',
    },
    {
      ...common,
      ...{ id: 'd2', verb: 'noise', reason: 'known since the move', finding: 'f6', sentence: 'nine times its usual day', asset: 'bssdb-1' },
      // Far ahead: mutes expire by the clock of whoever asks.
      ...{ detection: 'D03-volume-up', port: 22, until: DAY + 27_000 * DAY_MS },
    },
    { ...common, id: 'd3', verb: 'acknowledge', reason: 'by mistake', finding: 'f3', sentence: 'six times', asset: 'scan-mv-02' },
    { ...common, id: 'd4', at: DAY + 16 * HOUR_MS, verb: 'revoke', reason: 'not mine', revokes: 'd3' },
  ];
}

export function sampleVerdicts(): Row<typeof VERDICT_COLUMNS>[] {
  const claims = [
    {
      claim: 'scanners-closed',
      fleet: 'scanners',
      severity: 'critical',
      verdict: 'VIOLATED',
      text: 'The scanners talk only to the archive, the analysts, DNS and NTP',
      sentence: '3 peers outside the claim, 26 MB sent, first at 09:00',
    },
    {
      claim: 'maintenance-window',
      fleet: 'scanners',
      severity: 'high',
      verdict: 'VERIFIED',
      text: 'Vendor maintenance happens Thursdays from 02:00 to 05:00 only',
      sentence: 'no session outside the window; 99.98 % of the day was observed',
    },
    {
      claim: 'vendor-by-bastion',
      fleet: 'billing',
      severity: 'high',
      verdict: 'VIOLATED',
      text: 'The vendor reaches the databases through the bastion only',
      sentence: 'one session from 2001:db8::40 came past the bastion',
    },
    {
      claim: 'bastion-budget',
      fleet: 'billing',
      severity: 'medium',
      verdict: 'VIOLATED',
      text: 'At most 50 MB a day leave through the bastion',
      sentence: '69 MB left, 50 MB are allowed',
    },
    {
      claim: 'no-interception-zone',
      fleet: 'billing',
      severity: 'critical',
      verdict: 'NOT_PROVEN',
      text: 'The databases never reach the lawful-interception zone',
      sentence: 'no such flow was seen, but sensor dc-core was silent for 41 min',
      reasons: JSON.stringify([
        { code: 'sensor-silent', about: 'dc-core', observed: 2460, demanded: 900, unit: 's', sentence: 'dc-core was silent for 41 min' },
        {
          code: 'records-lost',
          about: 'dc-core',
          observed: 0.0025,
          demanded: 0.001,
          unit: 'share',
          sentence: '720 of 287 800 records lost',
        },
      ]),
      numbers: JSON.stringify({
        observedShare: 0.9715,
        longestBlindMs: 2_460_000,
        flowsJudged: 412,
        recordsLost: 720,
        hideableOctets: 64_000,
        exceptionsUsed: 1,
        drillsSeen: 3,
      }),
      residual: JSON.stringify(['a modem in the cabinet', 'removable media']),
    },
  ];
  const rows = claims.map((claim) => ({
    claimsId: claim.fleet,
    claimsHash: 'h',
    periodFrom: DAY,
    periodTo: DAY + DAY_MS,
    reasons: '[]',
    numbers: '{}',
    residual: '[]',
    revision: 2,
    ...claim,
  }));
  const before = claims.map((claim) => ({
    ...rows[0],
    ...claim,
    claimsId: claim.fleet,
    verdict: 'VERIFIED',
    sentence: 'held',
    periodFrom: DAY - DAY_MS,
    periodTo: DAY,
    revision: 1,
  }));
  return [...rows, ...before];
}

export function sampleJudgements(): Row<typeof JUDGEMENT_COLUMNS>[] {
  const common = { claimsHash: 'h', unit: 'bssdb-1', fleet: 'billing', periodFrom: DAY, first: DAY + HOUR_MS, last: DAY + 2 * HOUR_MS };
  return [
    { ...common, kind: 'judged', claim: '', about: 'bssdb-1', flows: 412, records: 500, octets: 1e9 },
    { ...common, kind: 'excused', claim: 'vendor-by-bastion', about: 'EX-2026-4', flows: 2, records: 2, octets: 40_000 },
    { ...common, kind: 'drill', claim: '', about: 'nightly', flows: 3, records: 3, octets: 180 },
  ];
}

export function sampleWindows(): Row<typeof CLAIM_WINDOW_COLUMNS>[] {
  const common = { claimsHash: 'h', kind: 'window', effect: 'allows', periodFrom: DAY, revision: 1 };
  const ticket = {
    ...common,
    ...{ claimsId: 'billing', claim: 'vendor-by-bastion', fleet: 'billing', window: 'vendor-ticket', ticket: 'CHG-4711' },
    ...{ approvedBy: 'approver-a', peers: '[["10.70.99.0","10.70.99.255"]]', ports: '[[6,22,22]]' },
  };
  return [
    { ...ticket, opens: DAY + 12.5 * HOUR_MS, closes: DAY + 15.2 * HOUR_MS },
    // Of a claim file that is in force no longer.
    { ...ticket, ticket: 'CHG-4712', opens: DAY + 16 * HOUR_MS, closes: DAY + 18 * HOUR_MS, withdrawn: 1 },
    {
      ...common,
      ...{ claimsId: 'scanners', claim: 'maintenance-window', fleet: 'scanners', window: 'weekly-export', ports: '[]' },
      ...{ peers: '[["10.40.30.0","10.40.30.255"]]', opens: DAY + 2 * HOUR_MS, closes: DAY + 8 * HOUR_MS },
    },
  ];
}

export function sampleCoverage(): Row<typeof COVERAGE_COLUMNS>[] {
  const rows: Row<typeof COVERAGE_COLUMNS>[] = [];
  for (const [sensor, silentFrom, silentTo] of [
    ['terminal-switch', 0, 0],
    ['dc-core', 800, 841],
    ['dc-edge', 1100, 1440],
  ] as const) {
    for (let minute = 0; minute < 1440; minute++) {
      if (minute >= silentFrom && minute < silentTo) continue;
      const lost = sensor === 'dc-core' && minute >= 600 && minute < 660 ? 12 : 0;
      const at = DAY + minute * MINUTE_MS;
      rows.push({
        minute: at,
        sensor,
        exporterIPv6Address: '192.0.2.1',
        exportProtocol: 'ipfix',
        firstMessageMilliseconds: at + 1000,
        lastMessageMilliseconds: at + 59_000,
        messagesSent: 60,
        messagesReceived: 60,
        recordsSent: 200,
        recordsReceived: 200 - lost,
        recordsLost: lost,
        recordsDecoded: 200 - lost,
        recordsProduced: 200 - lost,
        samplingInterval: 1,
        clockOffsetMilliseconds: sensor === 'dc-edge' ? 41_000 : Number.NaN,
        recordsUndecodable: sensor === 'dc-edge' && minute === 5 ? 7 : 0,
      });
    }
  }
  return rows;
}
