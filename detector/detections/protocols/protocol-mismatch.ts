import { MINUTE_MS } from '../../../flow/time.js';
import { hashesAtHand } from '../../baseline/peer-hashes.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatPort } from '../../findings/quantity.js';
import { formatInstant } from '../../findings/time-span.js';
import { byParameters } from '../by-parameters.js';
import { Attention, type Detection, type Evaluator, type ParameterTable, type ParameterValues, type UnitContext } from '../detection.js';
import { type ExchangeTraits, responderPort, Trait, traitsOf } from '../exchange-traits.js';
import { learnedMatters } from '../learned-matters.js';
import { Level, type ObservedRecord } from '../observed-record.js';
import { applicationWords, expectedApplications, UNRECOGNISED_APPLICATION } from './applications-table.js';
import { type HeldSession, HeldSessions } from './held-sessions.js';
import { PROTOCOL_MISMATCH_EXAMPLES } from './protocol-mismatch-examples.js';
import { recomputeMismatch } from './protocol-mismatch-recompute.js';
import { ResolverTable, type WindowCounts } from './resolver-table.js';

const ID = 'protocol-mismatch';

const PARAMETERS = {
  leastOctets: {
    default: 1000,
    least: 0,
    most: 1_000_000,
    unit: 'octets in each direction that the record tells of',
    reason:
      'A few packets are recognised wrongly; another detector raised over a hundred lines on small exchanges of the benign-17h lab (detection.md D17).',
  },
  webMinutes: {
    default: 60,
    least: 10,
    most: 10_080,
    unit: 'minutes of one session on 443/tcp',
    reason: 'Pages and downloads end; what stays open for an hour is a push channel or a tunnel (detection.md D17).',
  },
  webPacketsPerMinute: {
    default: 60,
    least: 1,
    most: 100_000,
    unit: 'packets a minute in each direction, over that time, of less than 300 octets in the mean',
    reason:
      'Length and size alone are no sign: of the Windows host of ctu-010 ten benign sessions within 24 hours pass them, push channels with 2 to 33 packets a minute. Somebody who works through a tunnel makes more.',
  },
  dnsMinutes: {
    default: 30,
    least: 5,
    most: 10_080,
    unit: 'minutes of one session on 53/tcp',
    reason: 'Resolvers close idle sessions after seconds (RFC 7766 §6.2.3); zone transfers take minutes.',
  },
  icmpPacketsPerMinute: {
    default: 100,
    least: 10,
    most: 100_000,
    unit: 'ICMP packets a minute in each direction, over 10 minutes',
    reason: 'Monitoring asks once a second at most (detection.md D17).',
  },
  icmpOctets: {
    default: 100,
    least: 64,
    most: 1500,
    unit: 'octets of a mean ICMP packet, IP header included',
    reason: 'ping sends 60 (Windows) or 84 (Linux) octets, so the 64 of detection.md D17 is below what is usual.',
  },
  unevenPackets: {
    default: 30,
    least: 10,
    most: 100_000,
    unit: 'ICMP packets in each direction within 10 minutes, of which those of one direction have as many octets in the mean and half as many more than those of the other',
    reason:
      'An echo gives back what was sent with it (RFC 792), lost or not; a tunnel asks with little and is answered with much, or the other way round, however quiet it is.',
  },
} as const satisfies ParameterTable;

const WEB_PORT = 443;
const DNS_PORT = 53;
const WEB_MOST_OCTETS = 300;
const ICMP_WINDOW_MS = 10 * MINUTE_MS;
/** Mean octets of one direction over those of the other, from which an exchange of ICMP is no asking for echoes. */
const UNEVEN_SHARE = 1.5;
/** Sessions are held from this age on: nearly all have ended before. */
const HELD_FROM_MS = 5 * MINUTE_MS;

export const protocolMismatch: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Another protocol than the port’s',
  question: 'Is something else spoken on a port than what belongs there?',
  claimKinds: [],
  attack: [
    { id: 'T1571', matrix: 'enterprise', version: '18.0' },
    { id: 'T1572', matrix: 'enterprise', version: '18.0' },
    { id: 'T1095', matrix: 'enterprise', version: '18.0' },
    { id: 'T0885', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  columns: [
    'sourceTransportPort',
    'destinationTransportPort',
    'protocolIdentifier',
    'octetDeltaCount',
    'packetDeltaCount',
    'reverseOctetDeltaCount',
    'reversePacketDeltaCount',
    'flowStartMilliseconds',
    'flowEndMilliseconds',
    'applicationName',
  ],
  history:
    'none. What is spoken is known where the sensor tells it (Zeek, Suricata, exporters with application recognition); else only what sizes and times show: a long lively session on 443/tcp, a long one on 53/tcp, a stream of large ICMP packets, echoes that are not what was sent',
  falsePositives: [
    'A product that serves another protocol on a well-known port by design: admit that in the documentation of the fleet and mute the port.',
    'A remote console in the browser (VNC or SSH over WebSocket), which is a tunnel that somebody wants.',
    'A sensor that recognises wrongly: ask it for the packets.',
    'A host that is asked for echoes and refuses long datagrams of the same asset: its ICMP errors look like long answers.',
  ],
  runbook: [
    'Which program listens at the responder, which one asks at the asset?',
    'SSH on 443 or 53 is how administrators and intruders leave a closed network alike: ask for the ticket.',
    'ICMP and DNS over TCP that carry data have no business on equipment: close them at the border.',
  ],
  references: ['reference/detection.md D17', 'IANA Service Name and Transport Protocol Port Number Registry', 'RFC 7766 §6.2.3'],
  examples: PROTOCOL_MISMATCH_EXAMPLES,
  recompute: recomputeMismatch,
  attends: (record, unit) => {
    const traits = traitsOf(unit).of(record);
    if ((traits & Trait.icmp) !== 0) return (traits & Trait.groupPeer) === 0 ? Attention.always : Attention.told;
    const port = responderPort(record);
    return (traits & Trait.tcp) !== 0 && (port === WEB_PORT || port === DNS_PORT) ? Attention.told | Attention.lasting : Attention.told;
  },
  evaluator: (unit, parameters) => new ProtocolMismatch(unit, parameters),
};

type Matters = Readonly<Record<'spoken' | 'web' | 'dns' | 'icmp' | 'uneven', Matter>>;

const LOW: Matter['severities'] = ['low', 'low', 'low', 'medium'];

const mattersOf = byParameters((parameters: ParameterValues<typeof PARAMETERS>): Matters => {
  const { webMinutes, webPacketsPerMinute, dnsMinutes, icmpPacketsPerMinute, icmpOctets, unevenPackets } = parameters;
  const matter = learnedMatters(ID, 100);
  const web = `session on 443/tcp of ${webMinutes} minutes with ${webPacketsPerMinute} small packets a minute each way`;
  const icmp = `${icmpPacketsPerMinute} ICMP packets a minute each way for 10 minutes, ${icmpOctets} octets in the mean`;
  const uneven = `${unevenPackets} ICMP packets each way within 10 minutes, those of one direction half as long again as those of the other and of ${icmpOctets} octets in the mean`;
  return {
    spoken: matter('', 'application that does not belong to the port by the IANA registry', ['low', 'low', 'medium', 'high']),
    web: matter('web', web, LOW),
    dns: matter('dns', `session on 53/tcp of ${dnsMinutes} minutes`, LOW),
    icmp: matter('icmp', icmp, LOW),
    uneven: matter('uneven icmp', uneven, LOW),
  };
});

class ProtocolMismatch implements Evaluator {
  private readonly traits: ExchangeTraits;
  private readonly parameters: ParameterValues<typeof PARAMETERS>;
  private readonly hashes = hashesAtHand;
  private readonly sessions = new HeldSessions();
  private readonly echoes: ResolverTable;
  private readonly matters: Matters;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.traits = traitsOf(unit);
    this.echoes = new ResolverTable(unit.pool);
    this.parameters = parameters;
    this.matters = mattersOf(parameters);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.application !== 0) this.judgeSpoken(record, findings);
    // What was counted has been counted.
    if (record.retold) return;
    const traits = this.traits.of(record);
    if ((traits & Trait.icmp) !== 0) {
      if ((traits & Trait.groupPeer) === 0) this.judgeIcmp(record, findings);
    } else if ((traits & Trait.tcp) !== 0 && record.endMs - record.sessionStartMs >= HELD_FROM_MS && record.level >= Level.established) {
      const port = responderPort(record);
      if (port === WEB_PORT) this.judgeWeb(record, findings);
      else if (port === DNS_PORT) this.judgeDns(record, findings);
    }
  }

  save(writer: StateWriter): void {
    this.sessions.save(writer);
    this.echoes.save(writer);
  }

  load(reader: StateReader): void {
    this.sessions.load(reader);
    this.echoes.load(reader);
  }

  private judgeSpoken(record: ObservedRecord, findings: FindingSink): void {
    const port = responderPort(record);
    const expected = expectedApplications(port);
    if (expected === 0 || (record.application & (expected | UNRECOGNISED_APPLICATION)) !== 0) return;
    const { leastOctets } = this.parameters;
    if (record.level < Level.established || !isEnough(record.octetsOut, leastOctets) || !isEnough(record.octetsIn, leastOctets)) return;
    if (record.octetsOut + record.octetsIn === 0) return;
    findings.contribute(record, {
      matter: this.matters.spoken,
      port,
      confidence: 80,
      why: `the sensor recognised ${applicationWords(record.application)} on ${formatPort(record.protocol, port)}, where ${applicationWords(expected)} is at home`,
    });
  }

  private judgeWeb(record: ObservedRecord, findings: FindingSink): void {
    const held = this.sessions.take(record);
    const { webMinutes, webPacketsPerMinute } = this.parameters;
    const minutes = (record.endMs - record.sessionStartMs) / MINUTE_MS;
    const counted = (held.untilMs - held.sinceMs) / MINUTE_MS;
    if (minutes < webMinutes || counted < webMinutes / 2) return;
    const { packetsOut, packetsIn, octetsOut, octetsIn } = held;
    if (Math.min(packetsOut, packetsIn) < webPacketsPerMinute * counted) return;
    const [out, back] = [octetsOut / packetsOut, octetsIn / packetsIn];
    if (out >= WEB_MOST_OCTETS || back >= WEB_MOST_OCTETS) return;
    const rates = `${Math.round(packetsOut / counted)} packets a minute of ${Math.round(out)} B out and ${Math.round(packetsIn / counted)} of ${Math.round(back)} B in`;
    this.tellLong(
      record,
      held,
      this.matters.web,
      webMinutes,
      `${rates}: small and steady, as somebody’s work through a tunnel, not as pages`,
      findings,
    );
  }

  private judgeDns(record: ObservedRecord, findings: FindingSink): void {
    const { dnsMinutes } = this.parameters;
    if (record.endMs - record.sessionStartMs < dnsMinutes * MINUTE_MS) return;
    this.tellLong(
      record,
      this.sessions.take(record),
      this.matters.dns,
      dnsMinutes,
      'questions for names are answered within seconds',
      findings,
    );
  }

  private tellLong(record: ObservedRecord, held: HeldSession, matter: Matter, least: number, meaning: string, findings: FindingSink): void {
    const minutes = (record.endMs - record.sessionStartMs) / MINUTE_MS;
    const port = responderPort(record);
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    if (!this.sessions.isToTell(this.hashes.peerA, port, minutes, record.periodFromMs)) return;
    findings.measure(record, {
      matter,
      observed: minutes,
      expected: least,
      unit: 'minutes',
      peerPort: port,
      periodFromMs: record.periodFromMs,
      periodToMs: record.periodToMs,
      windowFromMs: record.sessionStartMs,
      windowToMs: record.endMs + 1,
      confidence: 45,
      why: `one session on ${formatPort(record.protocol, port)} for ${Math.round(minutes)} minutes since ${formatInstant(record.sessionStartMs)}: ${meaning}`,
      totals: { ...held.counted, firstMs: held.sinceMs, lastMs: held.untilMs, sessions: 1 },
    });
  }

  private judgeIcmp(record: ObservedRecord, findings: FindingSink): void {
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const { window, told } = this.echoes.find(record.asset, this.hashes.peerA, this.hashes.peerB, record.startMs);
    const lengthMs = Math.max(ICMP_WINDOW_MS, record.endMs - record.startMs);
    // A record that is longer than the window is a window of its own.
    const fromMs = lengthMs > ICMP_WINDOW_MS ? record.startMs : Math.floor(record.startMs / ICMP_WINDOW_MS) * ICMP_WINDOW_MS;
    if (fromMs < window.fromMs) return;
    if (fromMs > window.fromMs) window.begin(fromMs);
    window.add(record);
    const { icmpPacketsPerMinute, icmpOctets, unevenPackets } = this.parameters;
    const [out, back] = [meanOf(window.octetsOut, window.queries), meanOf(window.octetsIn, window.answers)];
    const longer = Math.max(out, back);
    if (longer < icmpOctets) return;
    const least = (icmpPacketsPerMinute * lengthMs) / MINUTE_MS;
    const isStream = Math.min(window.queries, window.answers) >= least;
    const isUneven = longer >= UNEVEN_SHARE * Math.min(out, back) && Math.min(window.packetsOut, window.packetsIn) >= unevenPackets;
    if (!isStream && !isUneven) return;
    const packets = window.queries + window.answers;
    if (!told.tells(record.periodFromMs, packets)) return;
    const { icmp, uneven } = this.matters;
    this.tellIcmp(
      record,
      window,
      packets,
      isStream
        ? { matter: icmp, expected: 2 * least, meaning: 'more and larger than echoes that ask whether somebody is there' }
        : { matter: uneven, expected: 2 * unevenPackets, meaning: 'an echo gives back what was sent with it, neither more nor less' },
      lengthMs,
      findings,
    );
  }

  private tellIcmp(
    record: ObservedRecord,
    window: WindowCounts,
    packets: number,
    { matter, expected, meaning }: { readonly matter: Matter; readonly expected: number; readonly meaning: string },
    lengthMs: number,
    findings: FindingSink,
  ): void {
    const { countedOut, countedIn, packetsOut, packetsIn, records } = window;
    const sizes = `${Math.round(meanOf(window.octetsOut, window.queries))} B out and ${Math.round(meanOf(window.octetsIn, window.answers))} B in`;
    findings.measure(record, {
      matter,
      observed: packets,
      expected,
      unit: 'packets',
      peerPort: 0,
      periodFromMs: record.periodFromMs,
      periodToMs: record.periodToMs,
      windowFromMs: window.fromMs,
      windowToMs: window.newestMs + 1,
      confidence: 60,
      why: `${Math.round(packets)} ICMP packets within ${Math.round(lengthMs / MINUTE_MS)} minutes from ${formatInstant(window.fromMs)}, ${sizes} in the mean: ${meaning}`,
      totals: {
        firstMs: window.firstMs,
        lastMs: record.endMs,
        octetsOut: countedOut,
        octetsIn: countedIn,
        packetsOut,
        packetsIn,
        records,
        sessions: 1,
      },
    });
  }
}

/** True also where the record does not tell of the direction. */
function isEnough(octets: number, least: number): boolean {
  return octets === 0 || octets >= least;
}

function meanOf(octets: number, packets: number): number {
  return packets === 0 ? 0 : octets / packets;
}
