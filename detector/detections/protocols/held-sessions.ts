import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { ObservedRecord } from '../observed-record.js';

/** Long sessions of one unit that are counted at a time; one more makes room of the one held longest. */
const MOST_SESSIONS = 64;
/** Peers and ports whose longest session was told. */
const MOST_TOLD = 256;

/** What one session has sent since it is held; packets and octets scaled by sampling, `counted` not. */
export interface HeldSession {
  sinceMs: number;
  untilMs: number;
  packetsOut: number;
  packetsIn: number;
  octetsOut: number;
  octetsIn: number;
  readonly counted: { octetsOut: number; octetsIn: number; packetsOut: number; packetsIn: number; records: number };
}

export class HeldSessions {
  /** By number of the session. */
  private readonly held = new Map<number, HeldSession>();
  private readonly told = new Map<number, { readonly periodFromMs: number; readonly minutes: number }>();

  take(record: ObservedRecord): HeldSession {
    let session = this.held.get(record.session);
    if (session === undefined) {
      if (this.held.size >= MOST_SESSIONS) this.held.delete(this.held.keys().next().value!);
      session = emptySession(record.startMs);
      this.held.set(record.session, session);
    }
    const { sampling, octetsOut, octetsIn, packetsOut, packetsIn } = record;
    session.sinceMs = Math.min(session.sinceMs, record.startMs);
    session.untilMs = Math.max(session.untilMs, record.endMs);
    session.packetsOut += packetsOut * sampling;
    session.packetsIn += packetsIn * sampling;
    session.octetsOut += octetsOut * sampling;
    session.octetsIn += octetsIn * sampling;
    session.counted.octetsOut += octetsOut;
    session.counted.octetsIn += octetsIn;
    session.counted.packetsOut += packetsOut;
    session.counted.packetsIn += packetsIn;
    session.counted.records += 1;
    return session;
  }

  /** True for the first long session with the peer and port in the period, and for one twice as long as that which was told. */
  isToTell(peer: number, port: number, minutes: number, periodFromMs: number): boolean {
    const key = port * 2 ** 32 + peer;
    const before = this.told.get(key);
    if (before !== undefined) {
      if (periodFromMs < before.periodFromMs || (periodFromMs === before.periodFromMs && minutes < 2 * before.minutes)) return false;
    } else if (this.told.size >= MOST_TOLD) this.told.delete(this.told.keys().next().value!);
    this.told.set(key, { periodFromMs, minutes });
    return true;
  }

  save(writer: StateWriter): void {
    writer.text(JSON.stringify({ held: [...this.held], told: [...this.told] }));
  }

  load(reader: StateReader): void {
    const saved = JSON.parse(reader.text()) as {
      held: [number, HeldSession][];
      told: [number, { periodFromMs: number; minutes: number }][];
    };
    for (const [session, one] of saved.held) this.held.set(session, one);
    for (const [key, one] of saved.told) this.told.set(key, one);
  }
}

function emptySession(sinceMs: number): HeldSession {
  const counted = { octetsOut: 0, octetsIn: 0, packetsOut: 0, packetsIn: 0, records: 0 };
  return { sinceMs, untilMs: sinceMs, packetsOut: 0, packetsIn: 0, octetsOut: 0, octetsIn: 0, counted };
}
