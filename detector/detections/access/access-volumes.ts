import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { ObservedRecord } from '../observed-record.js';

const MOST_SESSIONS = 64;
const LEAST_SESSIONS = 8;

/** What one agreed session took out, scaled by sampling. */
export interface SessionVolume {
  readonly session: number;
  firstMs: number;
  octets: number;
  /** As last reported. */
  told: number;
}

/** The last agreed sessions of one asset. */
export class SessionVolumes {
  private readonly sessions: SessionVolume[] = [];

  add({ session, startMs, octetsOut, sampling }: ObservedRecord): SessionVolume {
    let one = this.sessions.findLast((known) => known.session === session);
    if (one === undefined) {
      one = { session, firstMs: startMs, octets: 0, told: 0 };
      if (this.sessions.length >= MOST_SESSIONS) this.sessions.shift();
      this.sessions.push(one);
    }
    one.firstMs = Math.min(one.firstMs, startMs);
    one.octets += octetsOut * sampling;
    return one;
  }

  /** The largest of the others, those that were reported left out: what was too much once does not make it usual. Undefined where there are too few. */
  largestBut(session: SessionVolume): number | undefined {
    let others = 0;
    let largest = 0;
    for (const one of this.sessions) {
      if (one === session || one.told > 0) continue;
      others += 1;
      largest = Math.max(largest, one.octets);
    }
    return others < LEAST_SESSIONS ? undefined : largest;
  }

  save(writer: StateWriter): void {
    writer.u32(this.sessions.length);
    for (const { session, firstMs, octets, told } of this.sessions) for (const value of [session, firstMs, octets, told]) writer.f64(value);
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      this.sessions.push({ session: reader.f64(), firstMs: reader.f64(), octets: reader.f64(), told: reader.f64() });
    }
  }
}
