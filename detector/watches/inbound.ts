import { MINUTE_MS } from '../../flow/time.js';
import type { EvidenceRow } from '../findings/finding.js';
import { MinuteBits } from './minute-bits.js';

/** Visits are counted in stretches of this length: a poller that connects every minute is there all the time. */
export const VISIT_MS = 15 * MINUTE_MS;
/** How far back visits count. */
export const VISIT_HISTORY_MS = 28 * 86_400_000;

/** A session that somebody else began with an asset. */
export interface InboundSession {
  readonly peer: string;
  readonly protocol: number;
  /** The asset's port. */
  readonly port: number;
  readonly startMs: number;
  /** End of its last record in which the asset answered: a peer goes on asking one that is gone. */
  readonly endMs: number;
  readonly octetsIn: number;
  /** 0 where nobody answered. */
  readonly octetsOut: number;
  readonly records: number;
  /** Stretches of VISIT_MS in the VISIT_HISTORY_MS before the session's end in which this peer began something on this port; this one included. */
  readonly visits: number;
  /** Its first record. */
  readonly evidence: EvidenceRow;
}

/** Records of one peer and port that are no further apart are one session: command channels reconnect. */
const JOIN_MS = 2 * MINUTE_MS;
/** Peers and ports of one asset that are told apart; a scanner's are counted no further. */
const MOST_RELATIONS = 256;
/** Sessions of one asset that are kept before those that nothing followed are dropped. */
const COMPACT_AT = 512;
/** A session is worth keeping where the asset was quiet this long, in minutes, soon after it. */
const QUIET_MINUTES = 3;

interface Relation {
  readonly peer: string;
  readonly words: Uint32Array;
  readonly protocol: number;
  readonly port: number;
  /** Numbers of stretches of VISIT_MS. */
  readonly visits: MinuteBits;
}

interface Session {
  readonly relation: Relation;
  startMs: number;
  endMs: number;
  /** End of its last record in which the asset answered; 0 before there was one. */
  answeredMs: number;
  octetsIn: number;
  octetsOut: number;
  records: number;
  readonly evidence: EvidenceRow;
}

export interface InboundRecord {
  /** The peer's address as four words at this offset. */
  readonly words: Uint32Array;
  readonly at: number;
  readonly protocol: number;
  readonly port: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly octetsIn: number;
  readonly octetsOut: number;
  readonly peerOf: () => string;
  readonly evidenceOf: () => EvidenceRow;
}

/**
 * Sessions that others began with one asset. Of each peer and port it keeps when it came (a bit for every quarter of an hour), and the sessions themselves
 * only where silence followed, and the latest: constant memory however long it runs.
 */
export class InboundBook {
  private readonly relations: Relation[] = [];
  private sessions: Session[] = [];
  private compactAt = COMPACT_AT;

  add(record: InboundRecord, active: MinuteBits): void {
    const relation = this.relationOf(record);
    if (relation === undefined) return;
    relation.visits.setRange(visitOf(record.startMs), visitOf(record.endMs));
    for (let i = this.sessions.length - 1; i >= 0 && i >= this.sessions.length - 16; i--) {
      const session = this.sessions[i]!;
      if (session.relation !== relation) continue;
      if (record.startMs > session.endMs + JOIN_MS || record.endMs < session.startMs - JOIN_MS) continue;
      session.startMs = Math.min(session.startMs, record.startMs);
      session.endMs = Math.max(session.endMs, record.endMs);
      if (record.octetsOut > 0) session.answeredMs = Math.max(session.answeredMs, record.endMs);
      session.octetsIn += record.octetsIn;
      session.octetsOut += record.octetsOut;
      session.records++;
      return;
    }
    const { startMs, endMs, octetsIn, octetsOut } = record;
    const answeredMs = octetsOut > 0 ? endMs : 0;
    this.sessions.push({ relation, startMs, endMs, answeredMs, octetsIn, octetsOut, records: 1, evidence: record.evidenceOf() });
    if (this.sessions.length >= this.compactAt) this.compact(active);
  }

  /** Sessions that had a packet in [fromMs, toMs] and began before `toMs`, by their end. */
  between(fromMs: number, toMs: number): InboundSession[] {
    return this.sessions
      .filter((session) => session.startMs <= toMs && lastMs(session) >= fromMs)
      .sort((a, b) => lastMs(a) - lastMs(b) || a.startMs - b.startMs || (a.relation.peer < b.relation.peer ? -1 : 1))
      .map((session) => {
        const { relation, startMs, octetsIn, octetsOut, records, evidence } = session;
        const endMs = lastMs(session);
        const countedMs = Math.min(endMs, toMs);
        const visits = relation.visits.count(visitOf(countedMs - VISIT_HISTORY_MS), visitOf(countedMs) + 1);
        return {
          peer: relation.peer,
          protocol: relation.protocol,
          port: relation.port,
          startMs,
          endMs,
          octetsIn,
          octetsOut,
          records,
          visits,
          evidence,
        };
      });
  }

  private relationOf({ words, at, protocol, port, peerOf }: InboundRecord): Relation | undefined {
    for (const relation of this.relations) {
      if (relation.port !== port || relation.protocol !== protocol) continue;
      const known = relation.words;
      if (known[0] === words[at] && known[1] === words[at + 1] && known[2] === words[at + 2] && known[3] === words[at + 3]) return relation;
    }
    if (this.relations.length >= MOST_RELATIONS) return undefined;
    const relation = { peer: peerOf(), words: words.slice(at, at + 4), protocol, port, visits: new MinuteBits() };
    this.relations.push(relation);
    return relation;
  }

  /** Drops sessions after which the asset went on talking, but for the latest quarter. */
  private compact(active: MinuteBits): void {
    const recent = this.sessions.length - (COMPACT_AT >> 2);
    this.sessions = this.sessions.filter((session, index) => index >= recent || wentQuiet(active, lastMs(session)));
    // One that is often quiet keeps the latest.
    if (this.sessions.length > COMPACT_AT) this.sessions = this.sessions.slice(-COMPACT_AT);
    this.compactAt = this.sessions.length + (COMPACT_AT >> 1);
  }
}

function visitOf(ms: number): number {
  return Math.floor(ms / VISIT_MS);
}

function lastMs({ answeredMs, endMs }: Session): number {
  return answeredMs > 0 ? answeredMs : endMs;
}

function wentQuiet(active: MinuteBits, endMs: number): boolean {
  const end = Math.floor(endMs / MINUTE_MS);
  const until = end + VISIT_MS / MINUTE_MS + 2;
  for (let at = active.nextClear(end, until); at < until; ) {
    const next = active.nextSet(at, at + QUIET_MINUTES);
    if (next - at >= QUIET_MINUTES) return true;
    at = active.nextClear(next, until);
  }
  return false;
}
