import { formatAddress } from '../../flow/address.js';
import { DAY_MS, formatDuration, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../flow/time.js';
import { ByAsset } from '../baseline/by-asset.js';
import { finishHash, mixWord } from '../baseline/hash.js';
import { hashesAtHand } from '../baseline/peer-hashes.js';
import { grownTo, NO_BYTES, NO_DOUBLES, RecentKeys } from '../baseline/recent-keys.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims, Severity } from '../claims/compiled.js';
import type { Finding } from '../findings/finding.js';
import type { FindingSink, Matter } from '../findings/finding-sink.js';
import { formatOctets, formatPort } from '../findings/quantity.js';
import { formatInstant } from '../findings/time-span.js';
import { isBackground, isLookup, isOneWay } from './background-services.js';
import {
  Attention,
  type Detection,
  type Evaluator,
  type FindingFlow,
  type ParameterTable,
  type ParameterValues,
  type UnitContext,
} from './detection.js';
import { type ExchangeTraits, Trait, traitsOf } from './exchange-traits.js';
import { LONG_SESSION_EXAMPLES } from './long-session-examples.js';
import { Began, Level, type ObservedRecord } from './observed-record.js';
import { recordsOf } from './recompute.js';

const ID = 'long-session';

const PARAMETERS = {
  leastHours: {
    default: 1,
    least: 1,
    most: 72,
    unit: 'hours that a session with a peer that no claim admits is open',
    reason: 'First step of the ladder of 1, 4, 12 and 24 hours and three days (detection.md D09).',
  },
  leastHoursWeb: {
    default: 4,
    least: 1,
    most: 72,
    unit: 'hours, where the asset began it on a port of the web (80, 443, 8080, 8443) or of notices (5222, 5223, 5228 to 5230, 8883)',
    reason:
      'Push services of desktops and telephones hold such connections for an hour and two: eight in seven hours of one measured host.',
  },
  usualPeers: {
    default: 2,
    least: 1,
    most: 16,
    unit: 'peers with such sessions in a week, after which only the steps from twelve hours on are told of further ones',
    reason: 'Equipment has none or one; who has many of them is no closed equipment, and a list of them tells nobody more.',
  },
  leastHoursAdmitted: {
    default: 24,
    least: 1,
    most: 72,
    unit: 'hours that a session with an outside peer is open that a claim admits',
    reason: 'What a vendor is let in for is done within a day; what stands longer stands for its own sake.',
  },
  forgetDays: {
    default: 30,
    least: 1,
    most: 365,
    unit: 'days without such a session after which its steps are told again',
    reason: 'A standing connection that is known is not reported at each of its renewals.',
  },
} as const satisfies ParameterTable;

/** Told once each, while the session is open. */
const LADDER_HOURS = [1, 4, 12, 24, 72] as const;
/** The web, and where notices are waited for: XMPP, Apple's and Google's push services, MQTT over TLS (IANA's registry, and the vendors' lists of ports to open). */
const WEB_PORTS = new Set([80, 443, 8080, 8443, 5222, 5223, 5228, 5229, 5230, 8883]);
/** Where long sessions are many, from this step on they are told all the same. */
const ALWAYS_HOURS = 12;
const WEEK_MS = 7 * DAY_MS;
/** Peers and ports whose steps are remembered, an asset and a unit; beyond, who had a long session least recently is told anew. 48 bytes each. */
const KEYS_PER_ASSET = 64;
const MOST_KEYS = 1024;

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
    'Push services and chat of desktops, beyond four hours.',
    'Connections of databases and messaging inside that no claim names.',
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
  attends: () => Attention.long,
  evaluator: (unit, parameters) => new LongSessionWatch(unit, parameters),
};

class LongSessionWatch implements Evaluator {
  private readonly unit: UnitContext;
  private readonly traits: ExchangeTraits;
  private readonly leastMs: number;
  private readonly leastWebMs: number;
  private readonly leastAdmittedMs: number;
  private readonly usualPeers: number;
  private readonly forgetMs: number;
  private readonly outside: Matter;
  private readonly others: Matter;
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
    this.forgetMs = parameters.forgetDays * DAY_MS;
    let most = KEYS_PER_ASSET;
    while (most < MOST_KEYS && most < KEYS_PER_ASSET * unit.assets.length) most *= 2;
    this.keys = new RecentKeys(most);
    const rule = `a session open for ${LADDER_HOURS.join(', ')} hours`;
    const matter = { detection: ID, claim: -1, part: '', scope: 'member', rule, most: 50 } as const;
    this.outside = { ...matter, severities: OUTSIDE };
    this.others = { ...matter, severities: OTHERS };
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    const openMs = record.endMs - record.sessionStartMs;
    if (openMs < this.leastMs) return;
    if (openMs < this.leastFor(record) || record.level === Level.attempt || isStanding(record)) return;
    const outside = this.unit.claims.isOutside(record.peerBytes, record.peerOffset);
    // Masters keep sessions with their devices open for months; who commands one for the first time lateral-movement tells.
    if (!outside && (record.admitted || (this.traits.of(record) & Trait.industrial) !== 0)) return;
    const row = this.rowOf(record);
    const step = LADDER_HOURS.findLastIndex((hours) => openMs >= hours * HOUR_MS) + 1;
    if (step <= this.steps[row]!) return;
    if (this.steps[row] === 0 && !this.takesPeer(record, LADDER_HOURS[step - 1]!)) return;
    this.steps[row] = step;
    this.report(record, openMs, LADDER_HOURS[step - 1]!, outside && !record.admitted ? this.outside : this.others, findings);
  }

  save(writer: StateWriter): void {
    this.keys.save(writer);
    writer.numbers(this.steps);
    writer.numbers(this.lastMs);
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
    for (let left = reader.u32(); left > 0; left--) {
      const told = new Float64Array(this.usualPeers);
      this.told.set(reader.u32(), told);
      reader.numbers(told);
    }
  }

  private leastFor(record: ObservedRecord): number {
    if (record.admitted) return this.leastAdmittedMs;
    return record.initiator === Began.asset && WEB_PORTS.has(record.peerPort) ? this.leastWebMs : this.leastMs;
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

  private rowOf(record: ObservedRecord): number {
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const key = (record.protocol << 16) | responderPort(record);
    const a = finishHash(mixWord(mixWord(this.hashes.peerA, key), record.asset));
    const b = finishHash(mixWord(mixWord(this.hashes.peerB, key), record.asset));
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

  private report(record: ObservedRecord, openMs: number, hours: number, matter: Matter, findings: FindingSink): void {
    const { claims } = this.unit;
    const { sessionStartMs, sessionOctetsOut, sessionOctetsIn, sessionPacketsOut, sessionPacketsIn } = record;
    const port = responderPort(record);
    const period = claims.periodOf(record.endMs);
    const name = claims.nameOf(record.peerBytes, record.peerOffset);
    const peer = `${formatAddress(record.peerBytes, record.peerOffset)}${name === '' ? '' : ` (${name})`}`;
    const rate = ((sessionOctetsOut + sessionOctetsIn) * record.sampling) / (openMs / SECOND_MS);
    const keptOpen = isKeptOpen(record, openMs, rate);
    const idle = keptOpen ? ': low and steady, as a tunnel or a waiting remote access is kept open' : '';
    const admitted = record.admitted ? 'a claim admits it, and it is outside' : 'no claim admits it';
    findings.measure(record, {
      matter,
      observed: openMs / SECOND_MS,
      expected: hours * 3600,
      unit: 'seconds',
      peerPort: port,
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: sessionStartMs,
      windowToMs: record.endMs + 1,
      confidence: keptOpen ? 80 : 60,
      why:
        `a session with ${peer} on ${formatPort(record.protocol, port)} has been open for ${formatDuration(openMs)}, since ${formatInstant(sessionStartMs)} ` +
        `(step of ${hours} h); ${formatOctets(sessionOctetsOut)} out and ${formatOctets(sessionOctetsIn)} in, ${formatRate(rate)}${idle}; ${admitted}`,
      totals: {
        firstMs: sessionStartMs,
        lastMs: record.endMs,
        octetsOut: sessionOctetsOut,
        octetsIn: sessionOctetsIn,
        packetsOut: sessionPacketsOut,
        packetsIn: sessionPacketsIn,
        records: record.sessionRecords,
        sessions: 1,
      },
    });
  }
}

/** What is repeated by its nature from the same port: time, discovery, logs, lookups. */
function isStanding(record: ObservedRecord): boolean {
  return isBackground(record) || isOneWay(record) || (record.protocol === 17 && isLookup(record));
}

function isKeptOpen(
  { sampling, sessionOctetsOut, sessionOctetsIn, sessionPacketsOut, sessionPacketsIn }: ObservedRecord,
  openMs: number,
  rate: number,
): boolean {
  const packets = sessionPacketsOut + sessionPacketsIn;
  if (sampling > 1 || packets === 0) return false;
  const packet = (sessionOctetsOut + sessionOctetsIn) / packets;
  return rate <= KEPT_OPEN.mostRate && packet <= KEPT_OPEN.mostPacket && packets >= openMs / KEPT_OPEN.leastPacketEveryMs;
}

function formatRate(octetsPerSecond: number): string {
  return octetsPerSecond < 10 ? `${octetsPerSecond.toFixed(1)} B/s` : `${formatOctets(octetsPerSecond)}/s`;
}

/** The lower one when it is not known who responds. */
function responderPort(record: ObservedRecord): number {
  if (record.initiator === Began.asset) return record.peerPort;
  if (record.initiator === Began.peer) return record.assetPort;
  return Math.min(record.assetPort, record.peerPort);
}

/** How long, in seconds, the session that began with the finding's window had been open at its end. */
function recomputeLongSession(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const own = recordsOf(rows, claims).filter(
    (record) => record.sessionStartMs === finding.windowFromMs && record.endMs < finding.windowToMs,
  );
  return (Math.max(...own.map((record) => record.endMs)) - finding.windowFromMs) / SECOND_MS;
}
