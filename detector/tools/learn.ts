import { formatAddress } from '../../flow/address.js';
import type { FlowBatch } from '../../flow/batch.js';
import { DAY_MS, HOUR_MS } from '../../flow/time.js';
import { createTimeZone, localDate } from '../claims/calendar.js';
import { Began, Level, type ObservedRecord } from '../detections/observed-record.js';
import { hasPorts } from '../sessions/orientation.js';
import type { PlacedClaims } from './placed-claims.js';
import { createSeer } from './seer.js';

/** What was seen of one asset with one peer, protocol, port and side. */
export interface Exchange {
  readonly fleet: string;
  readonly peer: string;
  /** Declared set or fleet of the peer; '' when in none. */
  readonly peerName: string;
  readonly outside: boolean;
  readonly protocol: number;
  readonly port: number;
  readonly began: 'subject' | 'peer' | 'unknown';
  firstMs: number;
  lastMs: number;
  /** Local dates. */
  readonly days: Set<string>;
  sessions: number;
  octetsOut: number;
  octetsIn: number;
  answered: boolean;
  /** True when some of it began between six in the morning and ten in the evening, local time. */
  byDay: boolean;
}

export interface Learned {
  readonly exchanges: readonly Exchange[];
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Exchanges that are told apart; a scan by or of an asset must not fill memory. */
export const MAX_EXCHANGES = 200_000;
const MORNING_HOUR = 6;
const EVENING_HOUR = 22;

/** Gathers exchanges from rows that are filed under assets. */
export interface Learner {
  /** `sessions`: how many connections a row stands for; without, sessions are told apart as in judging. */
  add(batch: FlowBatch, row: number, sessions?: number): void;
  /** True when more were seen than are kept. */
  readonly full: boolean;
  learned(): Learned;
}

export function createLearner({ claims, compilation }: PlacedClaims): Learner {
  const seer = createSeer(claims);
  const zone = createTimeZone(claims.timezone);
  const internet = compilation.endpointOf({ internet: true }).certain;
  const exchanges = new Map<string, Exchange>();
  let fromMs = Number.POSITIVE_INFINITY;
  let untilMs = Number.NEGATIVE_INFINITY;
  let full = false;

  const exchangeOf = (record: ObservedRecord): Exchange | undefined => {
    const began = record.initiator === Began.unknown ? 'unknown' : record.initiator === Began.asset ? 'subject' : 'peer';
    const lower = Math.min(record.assetPort, record.peerPort);
    const port = !hasPorts(record.protocol) ? 0 : began === 'unknown' ? lower : began === 'subject' ? record.peerPort : record.assetPort;
    const peer = formatAddress(record.peerBytes, record.peerOffset);
    const fleet = claims.fleets[record.fleet]!.name;
    const key = [fleet, peer, record.protocol, port, began].join(' ');
    let exchange = exchanges.get(key);
    if (exchange === undefined) {
      if (exchanges.size >= MAX_EXCHANGES) return undefined;
      const atom = claims.atomOf(record.peerBytes, record.peerOffset);
      exchange = {
        ...{
          fleet,
          peer,
          peerName: claims.nameOf(record.peerBytes, record.peerOffset),
          outside: ((internet[atom >>> 5]! >>> (atom & 31)) & 1) === 1,
        },
        ...{ protocol: record.protocol, port, began, firstMs: record.startMs, lastMs: record.endMs, days: new Set() },
        ...{ sessions: 0, octetsOut: 0, octetsIn: 0, answered: false, byDay: false },
      };
      exchanges.set(key, exchange);
    }
    return exchange;
  };

  return {
    get full() {
      return full;
    },
    add(batch, row, sessions) {
      const record = seer.see(batch, row);
      fromMs = Math.min(fromMs, record.startMs);
      untilMs = Math.max(untilMs, record.endMs);
      const exchange = exchangeOf(record);
      if (exchange === undefined) {
        full = true;
        return;
      }
      exchange.firstMs = Math.min(exchange.firstMs, record.startMs);
      exchange.lastMs = Math.max(exchange.lastMs, record.endMs);
      exchange.days.add(localDate(zone, record.startMs));
      exchange.sessions += sessions ?? (record.sessionStarts ? 1 : 0);
      exchange.octetsOut += record.octetsOut;
      exchange.octetsIn += record.octetsIn;
      if (record.level !== Level.attempt) exchange.answered = true;
      const local = zone.toLocal(record.startMs);
      const hour = Math.floor((((local % DAY_MS) + DAY_MS) % DAY_MS) / HOUR_MS);
      if (hour >= MORNING_HOUR && hour < EVENING_HOUR) exchange.byDay = true;
    },
    learned: () => ({ exchanges: [...exchanges.values()], fromMs, untilMs }),
  };
}
