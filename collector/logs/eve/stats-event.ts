import type { Faults, LogEvents } from '../../contracts.js';
import { type JsonObject, objectOf } from '../json-line.js';

/** A Suricata that says it has run no longer than this tells totals of the time that the log covers: its log began with it. */
const FRESH_SECONDS = 60;

/**
 * Running totals of a `stats` event (docs.suricata.io, "Event type: Stats"), by what their growth means:
 *   capture.kernel_drops, .kernel_ifdrops                packets that never came to Suricata
 *   flow.memcap, tcp.ssn_memcap_drop                     flows and sessions it had no memory for: records are missing, how many is not told
 *   tcp.reassembly_gap, tcp.segment_memcap_drop          streams not seen whole
 */
const DROPS = [
  ['capture', 'kernel_drops'],
  ['capture', 'kernel_ifdrops'],
] as const;
const UNRECORDED = [
  ['flow', 'memcap'],
  ['tcp', 'ssn_memcap_drop'],
] as const;
const GAPS = [
  ['tcp', 'reassembly_gap'],
  ['tcp', 'segment_memcap_drop'],
] as const;
type Counter = readonly [section: string, name: string];

/** Reads `stats` events of one log: tells what was missed since the one before. Totals that have shrunk are of a Suricata that was started again. */
export function createStatsReader(): (event: JsonObject, ms: number, events: LogEvents, faults: Faults) => void {
  const totals = new Map<string, number>();
  let uptime = Number.POSITIVE_INFINITY;
  let isFirst = true;

  /** What a total has grown by. */
  function grown(stats: JsonObject, [section, name]: Counter, isFresh: boolean): number {
    const value = objectOf(stats[section])?.[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return 0;
    const key = `${section}.${name}`;
    const before = totals.get(key) ?? 0;
    totals.set(key, value);
    if (isFresh || value < before) return value;
    return isFirst ? 0 : value - before;
  }

  return (event, ms, events, faults) => {
    const stats = objectOf(event.stats);
    if (stats === undefined || Number.isNaN(ms)) return;
    const up = typeof stats.uptime === 'number' ? stats.uptime : Number.POSITIVE_INFINITY;
    const isFresh = up < uptime ? up <= FRESH_SECONDS || !isFirst : false;
    uptime = up;
    const sum = (counters: readonly Counter[]): number => counters.reduce((total, counter) => total + grown(stats, counter, isFresh), 0);
    const missed = sum(DROPS);
    const unrecorded = sum(UNRECORDED);
    const gaps = sum(GAPS);
    isFirst = false;
    if (missed > 0) events.packetsMissed(missed, ms);
    if (unrecorded > 0) events.missing(ms);
    if (gaps > 0) faults.add('content-missed', gaps);
  };
}
