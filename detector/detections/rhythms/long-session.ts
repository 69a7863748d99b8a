import { formatAddress } from '../../../flow/address.js';
import { DAY_MS, formatDuration, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../flow/time.js';
import { ByAsset } from '../../baseline/by-asset.js';
import { finishHash, mixWord } from '../../baseline/hash.js';
import { hashesAtHand } from '../../baseline/peer-hashes.js';
import { grownTo, NO_BYTES, NO_DOUBLES, RecentKeys } from '../../baseline/recent-keys.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { CompiledClaims, Severity } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingSink, Matter, Totals } from '../../findings/finding-sink.js';
import { formatOctets, formatPort } from '../../findings/quantity.js';
import { formatInstant } from '../../findings/time-span.js';
import { Protocol } from '../../sessions/orientation.js';
import { Attention, type Detection, type Evaluator, type FindingFlow, type ParameterValues, type UnitContext } from '../detection.js';
import { type ExchangeTraits, responderPort, Trait, traitsOf } from '../exchange-traits.js';
import { Began, Level, type ObservedRecord } from '../observed-record.js';
import { recordsOf } from '../recompute.js';
import { isBackground, isLookup, isOneWay, NOTICE_PORTS } from './background-services.js';
import { SessionChains } from './long-session-chains.js';
import { LONG_SESSION_EXAMPLES } from './long-session-examples.js';
import { LONG_SESSION_PARAMETERS as PARAMETERS } from './long-session-parameters.js';

const ID = 'long-session';

/** Told once each, while the session is open. */
const LADDER_HOURS = [1, 4, 12, 24, 72] as const;
/** Beside the number of steps that were told, in the same octet: that chat was. */
const CHAT_TOLD = 1 << 7;
/** IRC as its servers have it, and over TLS (IANA's registry, RFC 7194); 6660 to 6664 by custom. */
const CHAT_PORTS = new Set([6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 6697]);
const WEB_PORTS = new Set([80, 443, 8080, 8443]);
/** Where long sessions are many, from this step on they are told all the same. */
const ALWAYS_HOURS = 12;
/** A stay of several sessions with a server of the web is told from this step on. */
const RENEWED_WEB_HOURS = 12;
const WEEK_MS = 7 * DAY_MS;
/** Peers and ports whose steps are remembered, an asset and a unit; beyond, who had a long session least recently is told anew. 48 bytes each. */
const KEYS_PER_ASSET = 64;
const MOST_KEYS = 1024;
/** Octets of an echo in the mean, IP header included: `ping` sends 60 (Windows) or 84 (Linux). As in protocol-mismatch. */
const MOST_ECHO_OCTETS = 100;

/** A tunnel or a waiting remote access: at most so many octets a second, in small packets, and never long without one (detection.md D09). */
const KEPT_OPEN = { mostRate: 200, mostPacket: 300, leastPacketEveryMs: 5 * MINUTE_MS } as const;

const OUTSIDE: readonly [Severity, Severity, Severity, Severity] = ['low', 'medium', 'medium', 'medium'];
const OTHERS: readonly [Severity, Severity, Severity, Severity] = ['info', 'low', 'low', 'low'];

export const longSession: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Session that stays open',
  question: 'Which connections stand for hours, with peers that no claim admits or that are outside?',
  claimKinds: [],
  attack: [
    { id: 'T1572', matrix: 'enterprise', version: '18.0' },
    { id: 'T1219', matrix: 'enterprise', version: '18.0' },
    { id: 'T1090', matrix: 'enterprise', version: '18.0' },
    { id: 'T1071', matrix: 'enterprise', version: '18.0' },
    { id: 'T0884', matrix: 'ics', version: '18.0' },
    { id: 'T0822', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  columns: [
    'flowStartMilliseconds',
    'flowEndMilliseconds',
    'octetDeltaCount',
    'reverseOctetDeltaCount',
    'packetDeltaCount',
    'reversePacketDeltaCount',
    'tcpControlBits',
  ],
  history:
    'none: a session is told while it is open, as often as its exporter tells of it; logs that tell of a session at its end (Zeek) tell of it then',
  falsePositives: [
    'Push services, mail that is waited for and chat of desktops, beyond four hours.',
    'Connections of databases and messaging inside that no claim names.',
    'People of desks who chat by IRC.',
    'A session whose end was not seen, and whose ports come again within the hour.',
  ],
  runbook: [
    'What is at the other end? A service of the product has a name and an owner; a relay has neither.',
    'Kept open with hardly any traffic: look for a tunnel or a remote access that waits. Who could come in by it?',
    'Compare the start with what happened then: a maintenance session, a log-in, an update.',
    'If it is to stand, admit the peer in an `only` claim.',
  ],
  references: ['reference/detection.md D09, P2', 'corelight/zeek-long-connections (the ladder)'],
  examples: LONG_SESSION_EXAMPLES,
  recompute: recomputeLongSession,
  attends: ({ peerBytes, peerOffset }, { claims }) =>
    claims.isOutside(peerBytes, peerOffset) ? Attention.lasting | Attention.long : Attention.long,
  evaluator: (unit, parameters) => new LongSessionWatch(unit, parameters),
};

class LongSessionWatch implements Evaluator {
  private readonly unit: UnitContext;
  private readonly traits: ExchangeTraits;
  private readonly leastMs: number;
  private readonly leastWebMs: number;
  private readonly leastAdmittedMs: number;
  private readonly leastChatMs: number;
  private readonly usualPeers: number;
  private readonly forgetMs: number;
  private readonly outside: Matter;
  private readonly others: Matter;
  private readonly renewed: Matter;
  private readonly chat: Matter;
  private readonly renewedMs: number;
  private readonly chains: SessionChains;
  private readonly hashes = hashesAtHand;
  private readonly keys: RecentKeys;
  /** By key: steps of the ladder that were told, and when it was last seen. */
  private steps = NO_BYTES;
  private lastMs = NO_DOUBLES;
  /** By asset: when the latest peers were first told of, as many as are usual; oldest first. */
  private readonly told = new ByAsset<Float64Array>();

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    this.traits = traitsOf(unit);
    this.leastMs = parameters.leastHours * HOUR_MS;
    this.leastWebMs = parameters.leastHoursWeb * HOUR_MS;
    this.usualPeers = parameters.usualPeers;
    this.leastAdmittedMs = parameters.leastHoursAdmitted * HOUR_MS;
    this.leastChatMs = parameters.leastMinutesChat * MINUTE_MS;
    this.forgetMs = parameters.forgetDays * DAY_MS;
    let most = KEYS_PER_ASSET;
    while (most < MOST_KEYS && most < KEYS_PER_ASSET * unit.assets.length) most *= 2;
    this.keys = new RecentKeys(most);
    const rule = `a session open for ${LADDER_HOURS.join(', ')} hours`;
    const matter = { detection: ID, claim: -1, part: '', scope: 'member', rule, most: 50 } as const;
    this.outside = { ...matter, severities: OUTSIDE };
    this.others = { ...matter, severities: OTHERS };
    const stay = `sessions with one peer, renewed within an hour, for ${LADDER_HOURS.slice(1).join(', ')} hours`;
    this.renewed = { ...matter, part: 'renewed', rule: stay, severities: OUTSIDE };
    const inChat = `a session of ${parameters.leastMinutesChat} minutes on a port of Internet Relay Chat`;
    this.chat = { ...matter, part: 'chat', rule: inChat, severities: OUTSIDE };
    this.renewedMs = parameters.leastHoursRenewed * HOUR_MS;
    this.chains = new SessionChains(unit.assets.length);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.level === Level.attempt || isStanding(record)) return;
    const outside = this.unit.claims.isOutside(record.peerBytes, record.peerOffset);
    const openMs = record.endMs - record.sessionStartMs;
    if (openMs >= this.leastMs && openMs >= this.leastFor(record)) this.judgeSession(record, openMs, outside, findings);
    if (!outside || record.admitted) return;
    if (openMs >= this.leastChatMs && asksAt(CHAT_PORTS, record)) this.judgeChat(record, openMs, findings);
    this.judgeStay(record, findings);
  }

  save(writer: StateWriter): void {
    this.keys.save(writer);
    writer.numbers(this.steps);
    writer.numbers(this.lastMs);
    this.chains.save(writer);
    writer.byAsset(this.told, (told) => {
      writer.numbers(told);
    });
  }

  load(reader: StateReader): void {
    this.keys.load(reader);
    this.steps = new Uint8Array(this.keys.capacity);
    this.lastMs = new Float64Array(this.keys.capacity);
    reader.numbers(this.steps);
    reader.numbers(this.lastMs);
    this.chains.load(reader);
    for (let left = reader.u32(); left > 0; left--) {
      const told = new Float64Array(this.usualPeers);
      this.told.set(reader.u32(), told);
      reader.numbers(told);
    }
  }

  private judgeSession(record: ObservedRecord, openMs: number, outside: boolean, findings: FindingSink): void {
    // Masters keep sessions with their devices open for months; who commands one for the first time lateral-movement tells.
    if (!outside && (record.admitted || (this.traits.of(record) & Trait.industrial) !== 0)) return;
    const hours = this.climb(record, openMs);
    if (hours === undefined) return;
    const { sessionStartMs } = record;
    const totals = sessionTotals(record);
    const keptOpen = isKeptOpen(record, totals, openMs);
    const admitted = record.admitted ? 'a claim admits it, and it is outside' : 'no claim admits it';
    this.report(record, findings, {
      ...{ matter: outside && !record.admitted ? this.outside : this.others, hours, fromMs: sessionStartMs, untilMs: record.endMs, totals },
      keptOpen,
      why: `a session with ${this.peerOf(record)} has been open for ${formatDuration(openMs)}, since ${formatInstant(sessionStartMs)} (step of ${hours} h); ${trafficOf(record, totals, openMs)}${keptOpen ? `: ${KEPT_OPEN_WORDS}` : ''}; ${admitted}`,
    });
  }

  /** Told once, where no step of the ladder was told before. */
  private judgeChat(record: ObservedRecord, openMs: number, findings: FindingSink): void {
    const row = this.rowOf(record);
    if (this.steps[row] !== 0) return;
    this.steps[row] = CHAT_TOLD;
    const totals = sessionTotals(record);
    this.report(record, findings, {
      ...{ matter: this.chat, hours: this.leastChatMs / HOUR_MS, fromMs: record.sessionStartMs, untilMs: record.endMs, totals },
      keptOpen: isKeptOpen(record, totals, openMs),
      why: `a session with ${this.peerOf(record)}, where Internet Relay Chat is at home, has been open for ${formatDuration(openMs)}, since ${formatInstant(record.sessionStartMs)}; ${trafficOf(record, totals, openMs)}: botnets take their orders in chat, equipment has nothing to say there; no claim admits it`,
    });
  }

  /** Sessions that follow one another; what carries something may be work. */
  private judgeStay(record: ObservedRecord, findings: FindingSink): void {
    // To wait and to be renewed is what these services are for.
    if (asksAt(NOTICE_PORTS, record)) return;
    const { a, b } = this.keyOf(record);
    const chain = this.chains.take(record, a, b);
    if (chain === undefined) return;
    const { fromMs, untilMs, heldMs, totals } = chain;
    const stayMs = untilMs - fromMs;
    if (
      stayMs < this.renewedMs ||
      (asksAt(WEB_PORTS, record) && stayMs < RENEWED_WEB_HOURS * HOUR_MS) ||
      !isKeptOpen(record, totals, heldMs)
    )
      return;
    const hours = this.climb(record, stayMs);
    if (hours === undefined) return;
    this.report(record, findings, {
      ...{ matter: this.renewed, hours, fromMs, untilMs, totals, keptOpen: true },
      why: `${totals.sessions} sessions with ${this.peerOf(record)} followed one another for ${formatDuration(stayMs)}, since ${formatInstant(fromMs)} (step of ${hours} h), and covered ${Math.round((100 * heldMs) / stayMs)} % of the time; ${trafficOf(record, totals, heldMs)}: ${KEPT_OPEN_WORDS}; no claim admits it`,
    });
  }

  /** The step of the ladder that was reached, in hours; undefined where it was told before, or the peer is one of many. */
  private climb(record: ObservedRecord, lastsMs: number): number | undefined {
    const row = this.rowOf(record);
    const step = LADDER_HOURS.findLastIndex((hours) => lastsMs >= hours * HOUR_MS) + 1;
    const told = this.steps[row]! & ~CHAT_TOLD;
    if (step <= told) return undefined;
    const hours = LADDER_HOURS[step - 1]!;
    if (told === 0 && !this.takesPeer(record, hours)) return undefined;
    this.steps[row] = step | (this.steps[row]! & CHAT_TOLD);
    return hours;
  }

  private leastFor(record: ObservedRecord): number {
    if (record.admitted) return this.leastAdmittedMs;
    return asksAt(WEB_PORTS, record) || asksAt(NOTICE_PORTS, record) ? this.leastWebMs : this.leastMs;
  }

  /** One more peer is to be told of. False when so many were in the last week that this one is nothing special. */
  private takesPeer({ asset, endMs }: ObservedRecord, hours: number): boolean {
    let told = this.told.get(asset);
    if (told === undefined) {
      told = new Float64Array(this.usualPeers).fill(Number.NEGATIVE_INFINITY);
      this.told.set(asset, told);
    }
    if (endMs - told[0]! < WEEK_MS && hours < ALWAYS_HOURS) return false;
    told.copyWithin(0, 1);
    told[told.length - 1] = endMs;
    return true;
  }

  private keyOf(record: ObservedRecord): { readonly a: number; readonly b: number } {
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const key = (record.protocol << 16) | responderPort(record);
    return {
      a: finishHash(mixWord(mixWord(this.hashes.peerA, key), record.asset)),
      b: finishHash(mixWord(mixWord(this.hashes.peerB, key), record.asset)),
    };
  }

  private rowOf(record: ObservedRecord): number {
    const { a, b } = this.keyOf(record);
    let row = this.keys.find(a, b);
    if (row < 0) {
      row = this.keys.add(a, b);
      const { capacity } = this.keys;
      if (this.steps.length < capacity) {
        this.steps = grownTo(this.steps, capacity);
        this.lastMs = grownTo(this.lastMs, capacity);
      }
      this.steps[row] = 0;
      this.lastMs[row] = record.endMs;
    } else this.keys.touch(row);
    if (record.startMs - this.lastMs[row]! > this.forgetMs) this.steps[row] = 0;
    this.lastMs[row] = Math.max(this.lastMs[row]!, record.endMs);
    return row;
  }

  private report(record: ObservedRecord, findings: FindingSink, { matter, hours, fromMs, untilMs, totals, keptOpen, why }: Report): void {
    const period = this.unit.claims.periodOf(untilMs);
    findings.measure(record, {
      matter,
      observed: (untilMs - fromMs) / SECOND_MS,
      expected: hours * 3600,
      unit: 'seconds',
      peerPort: responderPort(record),
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: fromMs,
      windowToMs: untilMs + 1,
      confidence: keptOpen ? 80 : 60,
      why,
      totals,
    });
  }

  private peerOf(record: ObservedRecord): string {
    const name = this.unit.claims.nameOf(record.peerBytes, record.peerOffset);
    const address = formatAddress(record.peerBytes, record.peerOffset);
    return `${address}${name === '' ? '' : ` (${name})`} on ${formatPort(record.protocol, responderPort(record))}`;
  }
}

function sessionTotals(record: ObservedRecord): Totals {
  return {
    firstMs: record.sessionStartMs,
    lastMs: record.endMs,
    octetsOut: record.sessionOctetsOut,
    octetsIn: record.sessionOctetsIn,
    packetsOut: record.sessionPacketsOut,
    packetsIn: record.sessionPacketsIn,
    records: record.sessionRecords,
    sessions: 1,
  };
}

/** What is told of one session or one stay. */
interface Report {
  readonly matter: Matter;
  readonly hours: number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly totals: Totals;
  readonly keptOpen: boolean;
  readonly why: string;
}

const KEPT_OPEN_WORDS = 'low and steady, as a tunnel or a waiting remote access is kept open';

function asksAt(ports: ReadonlySet<number>, { initiator, peerPort }: ObservedRecord): boolean {
  return initiator === Began.asset && ports.has(peerPort);
}

/** What is repeated by its nature from the same port: time, discovery, logs, lookups. */
function isStanding(record: ObservedRecord): boolean {
  return isBackground(record) || isOneWay(record) || (record.protocol === Protocol.udp && isLookup(record)) || isPings(record);
}

/** Somebody looks whether somebody is there, all day: protocol-mismatch tells of echoes that carry more. */
function isPings({ protocol, sessionOctetsOut, sessionOctetsIn, sessionPacketsOut, sessionPacketsIn }: ObservedRecord): boolean {
  const isUsual = sessionOctetsOut <= MOST_ECHO_OCTETS * sessionPacketsOut && sessionOctetsIn <= MOST_ECHO_OCTETS * sessionPacketsIn;
  return protocol === Protocol.icmp && isUsual;
}

function isKeptOpen({ sampling }: ObservedRecord, totals: Totals, heldMs: number): boolean {
  const packets = totals.packetsOut + totals.packetsIn;
  if (sampling > 1 || packets === 0) return false;
  const octets = totals.octetsOut + totals.octetsIn;
  const isLow = octets / (heldMs / SECOND_MS) <= KEPT_OPEN.mostRate && octets / packets <= KEPT_OPEN.mostPacket;
  return isLow && packets >= heldMs / KEPT_OPEN.leastPacketEveryMs;
}

function trafficOf({ sampling }: ObservedRecord, { octetsOut, octetsIn }: Totals, heldMs: number): string {
  const rate = ((octetsOut + octetsIn) * sampling) / (heldMs / SECOND_MS);
  return `${formatOctets(octetsOut)} out and ${formatOctets(octetsIn)} in, ${formatRate(rate)}`;
}

function formatRate(octetsPerSecond: number): string {
  return octetsPerSecond < 10 ? `${octetsPerSecond.toFixed(1)} B/s` : `${formatOctets(octetsPerSecond)}/s`;
}

/** How long, in seconds, the session that began with the finding's window had been open at its end, or how long sessions had followed one another. */
function recomputeLongSession(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const own = recordsOf(rows, claims).filter(
    (record) => record.sessionStartMs >= finding.windowFromMs && record.endMs < finding.windowToMs,
  );
  return (Math.max(...own.map((record) => record.endMs)) - finding.windowFromMs) / SECOND_MS;
}
