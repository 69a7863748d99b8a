import { parseAddress } from '../../flow/address.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { Finding } from '../findings/finding.js';
import { asksOnly, hasPorts, initiatorByPorts, sharesServicePort, TcpFlag } from '../sessions/orientation.js';
import { CLOSED_IDLE_MS, MOST_SYNS, OTHER_IDLE_MS, SYN_LONGEST_WAIT_MS, SYN_WAIT_MS, TCP_IDLE_MS } from '../sessions/session-table.js';
import type { FindingFlow } from './detection.js';
import { Began, ObservedRecord } from './observed-record.js';

/*
 * What the sums of `Detection.recompute` share: stored rows become records as detections see them, by the rules of sessions/ written down a second time in
 * their plain form. Nothing here is used while judging. Three ways in which the second form knows less: rows that the finding's window does not touch are not
 * given, so a session that began before them begins with its first row in sight; rows stand in the order of their times, not of their arrival; and it knows no exchanges of
 * others' ports and times, by which ports that contradict what was heard are overruled, ties are settled (sessions/precedents.ts) and servers are known (learned-servers.ts).
 */

const BEGAN = { unknown: Began.unknown, asset: Began.asset, peer: Began.peer } as const;
const SENSOR_SKEW_MS = 1000;
const TCP = 6;

interface Session {
  number: number;
  startMs: number;
  lastMs: number;
  closed: boolean;
  began: number;
  flagsOut: number;
  flagsIn: number;
  packets: number;
  /** Starts of the earliest records of one direction each. */
  firstOutMs: number;
  firstInMs: number;
  readonly facts: Set<number>;
  /** By direction, who counts and until when. */
  readonly holders: { out: { sensor: string; untilMs: number } | undefined; in: { sensor: string; untilMs: number } | undefined };
}

/** The rows as records, in the order of their times: sessions joined, initiator decided, what two sensors tell of the same packets counted once. */
export function recordsOf(rows: readonly FindingFlow[], claims: CompiledClaims): ObservedRecord[] {
  const sessions = new Map<string, Session>();
  let count = 0;
  const records = [...rows]
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs)
    .map((row) => {
      const key = `${row.asset}|${row.peer}|${row.protocol}|${row.assetPort}|${row.peerPort}`;
      let session = sessions.get(key);
      const starts = session === undefined || !continues(session, row);
      if (session === undefined || starts) {
        count += 1;
        session = beginSession(row, count);
        sessions.set(key, session);
      }
      const pauseMs = starts ? 0 : Math.max(0, row.startMs - session.lastMs);
      takeIn(session, row, claims);
      const record = recordOf(row, session, starts, claims);
      record.pauseMs = pauseMs;
      session.packets += record.packetsOut + record.packetsIn;
      return { row, session, record };
    });
  // Who began, and what the peer is called, holds for the whole session.
  for (const { row, session, record } of records) {
    const { protocol, assetPort, peerPort } = row;
    const byPorts = (): number => initiatorByPorts(claims, protocol, assetPort, peerPort, session.flagsOut, session.flagsIn);
    record.initiator = session.began === Began.unknown ? byPorts() || spokeFirst(session, protocol) : session.began;
    record.initiatorSeen = session.began !== Began.unknown;
    record.isTied = record.initiator === Began.unknown && session.firstOutMs === session.firstInMs && sharesServicePort(claims, row);
    record.peerFacts = session.facts;
  }
  return records.map(({ record }) => record);
}

function continues(session: Session, row: FindingFlow): boolean {
  const idleMs = session.closed ? CLOSED_IDLE_MS : row.protocol === TCP ? TCP_IDLE_MS : OTHER_IDLE_MS;
  const afterMs = row.startMs - session.lastMs;
  return afterMs <= idleMs && !(afterMs >= 0 && connectsAnew(session, afterMs, row));
}

/** Of records of one direction each: the direction that started earlier, where both are there. */
function spokeFirst({ firstOutMs, firstInMs }: Session, protocol: number): number {
  if (!hasPorts(protocol) || firstOutMs === firstInMs || firstOutMs === Number.POSITIVE_INFINITY || firstInMs === Number.POSITIVE_INFINITY)
    return Began.unknown;
  return firstOutMs < firstInMs ? Began.asset : Began.peer;
}

function connectsAnew({ startMs, lastMs, flagsOut, flagsIn, packets }: Session, afterMs: number, row: FindingFlow): boolean {
  if (row.protocol !== TCP || ((row.flagsOut | row.flagsIn) & TcpFlag.syn) === 0) return false;
  if (((flagsOut | flagsIn) & TcpFlag.ack) !== 0) return afterMs > CLOSED_IDLE_MS;
  return packets >= MOST_SYNS || afterMs > Math.min(lastMs - startMs + SYN_WAIT_MS, SYN_LONGEST_WAIT_MS);
}

function beginSession(row: FindingFlow, number: number): Session {
  const holders = { out: undefined, in: undefined };
  const { startMs, endMs } = row;
  return {
    number,
    startMs,
    lastMs: endMs,
    closed: false,
    began: Began.unknown,
    flagsOut: 0,
    flagsIn: 0,
    packets: 0,
    firstOutMs: Number.POSITIVE_INFINITY,
    firstInMs: Number.POSITIVE_INFINITY,
    facts: new Set(),
    holders,
  };
}

function takeIn(session: Session, row: FindingFlow, claims: CompiledClaims): void {
  session.lastMs = Math.max(session.lastMs, row.endMs);
  if (((row.flagsOut | row.flagsIn) & (TcpFlag.fin | TcpFlag.rst)) !== 0) session.closed = true;
  if (session.began === Began.unknown) {
    if (row.initiator !== 'unknown') session.began = BEGAN[row.initiator];
    else if (asksOnly(row.flagsOut)) session.began = Began.asset;
    else if (asksOnly(row.flagsIn)) session.began = Began.peer;
  }
  if (row.packetsIn === 0) session.firstOutMs = Math.min(session.firstOutMs, row.startMs);
  if (row.packetsOut === 0) session.firstInMs = Math.min(session.firstInMs, row.startMs);
  session.flagsOut |= row.flagsOut;
  session.flagsIn |= row.flagsIn;
  for (const fact of row.peerNames === '' ? [] : claims.peers.factsOfNames(row.peerNames)) session.facts.add(fact);
  for (const fact of row.peerMac === 0 ? [] : claims.peers.factsOfMac(row.peerMac)) session.facts.add(fact);
}

/** Each stretch of time of each direction is counted from one sensor, whichever told of it first. */
function isCounted(session: Session, way: 'out' | 'in', row: FindingFlow): boolean {
  const holder = session.holders[way];
  if (holder !== undefined && holder.sensor !== row.sensor && row.startMs <= holder.untilMs + SENSOR_SKEW_MS) return false;
  const before = holder?.sensor === row.sensor ? holder.untilMs : Number.NEGATIVE_INFINITY;
  session.holders[way] = { sensor: row.sensor, untilMs: Math.max(before, row.endMs) };
  return true;
}

function recordOf(row: FindingFlow, session: Session, starts: boolean, claims: CompiledClaims): ObservedRecord {
  const record = new ObservedRecord();
  const period = claims.periodOf(row.startMs);
  const asset = claims.assets.findIndex(({ name }) => name === row.asset);
  const out = (row.packetsOut > 0 || row.octetsOut > 0) && isCounted(session, 'out', row);
  const back = (row.packetsIn > 0 || row.octetsIn > 0) && isCounted(session, 'in', row);
  return Object.assign(record, {
    asset,
    fleet: claims.assets[asset]?.fleet ?? -1,
    peerBytes: parseAddress(row.peer),
    peerAsn: row.peerAsn,
    protocol: row.protocol,
    assetPort: row.assetPort,
    peerPort: row.peerPort,
    startMs: row.startMs,
    endMs: row.endMs,
    periodFromMs: period.fromMs,
    periodToMs: period.toMs,
    sessionStartMs: session.startMs,
    session: session.number,
    sessionStarts: starts,
    octetsOut: out ? row.octetsOut : 0,
    octetsIn: back ? row.octetsIn : 0,
    packetsOut: out ? row.packetsOut : 0,
    packetsIn: back ? row.packetsIn : 0,
    sampling: Math.max(1, row.samplingInterval),
  });
}

/** Octets of both directions, or of one, scaled by sampling. */
export function estimateOf(record: ObservedRecord, direction: 'out' | 'in' | 'both' = 'both'): number {
  return ((direction === 'in' ? 0 : record.octetsOut) + (direction === 'out' ? 0 : record.octetsIn)) * record.sampling;
}

export function sumOf(records: readonly ObservedRecord[], value: (record: ObservedRecord) => number): number {
  return records.reduce((sum, record) => sum + value(record), 0);
}

/** True for records that a finding about a peer gathers by its period: those that begin in it. */
export function beginsWithin({ startMs }: ObservedRecord, { windowFromMs, windowToMs }: Finding): boolean {
  return startMs >= windowFromMs && startMs < windowToMs;
}

/**
 * Share of a record that lies in [fromMs, toMs) when its octets are spread evenly over [start, end] (detection.md P3). A record without length
 * lies at its instant.
 */
export function shareWithin({ startMs, endMs }: { startMs: number; endMs: number }, fromMs: number, toMs: number): number {
  if (endMs <= startMs) return startMs >= fromMs && startMs < toMs ? 1 : 0;
  return Math.max(0, Math.min(endMs, toMs) - Math.max(startMs, fromMs)) / (endMs - startMs);
}

/** The rows that a finding holds as evidence, where it holds all that made it; undefined where there were more. */
export function evidenceRowsOf(finding: Finding, rows: readonly FindingFlow[]): FindingFlow[] | undefined {
  if (finding.evidence.length < finding.records) return undefined;
  const keyOf = (startMs: number, endMs: number, a: number, b: number): string => `${startMs} ${endMs} ${Math.min(a, b)} ${Math.max(a, b)}`;
  const held = new Set(finding.evidence.map((row) => keyOf(row.startMs, row.endMs, row.sourcePort, row.destinationPort)));
  return rows.filter((row) => held.has(keyOf(row.startMs, row.endMs, row.assetPort, row.peerPort)));
}
