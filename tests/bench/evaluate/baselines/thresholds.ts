import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../flow/time.js';
import type { Alert } from '../alerts.js';
import type { Baseline, Seen } from './seen.js';

/**
 * Fixed thresholds as two open systems ship them. ntopng (scripts/lua/modules/check_definitions/host): more than 32 unanswered flows in a minute, more than 5
 * DNS servers contacted in five minutes. Slips (docs/flow_alerts.md, config): a connection longer than 1 500 s, 500 MB up to one peer in an hour, 5 refused tries of one peer and port
 * in an hour, more than 5 unanswered peers on one port or ports of one peer in an hour. Each thing is said once a day, asset and peer.
 */
interface Window {
  number: number;
  readonly counts: Map<string, number>;
  readonly sets: Map<string, Set<string>>;
}

const UNANSWERED_A_MINUTE = 32;
const DNS_SERVERS = 5;
const LONG_MS = 1500 * 1000;
const UPLOAD_OCTETS = 500e6;
const REFUSED = 5;
const NOT_ESTABLISHED = 5;

export class FixedThresholds implements Baseline {
  private readonly said = new Set<string>();
  private day = Number.NaN;
  private readonly waiting: Alert[] = [];
  private readonly minute: Window = window();
  private readonly fiveMinutes: Window = window();
  private readonly hour: Window = window();
  private readonly began = new Map<string, number>();

  take(seen: Seen): void {
    const { asset, peer, port, began, answered } = seen;
    const day = Math.floor(seen.startMs / DAY_MS);
    if (day > this.day || Number.isNaN(this.day)) {
      this.day = day;
      this.said.clear();
    }
    open(this.minute, seen.startMs, MINUTE_MS);
    open(this.fiveMinutes, seen.startMs, 5 * MINUTE_MS);
    open(this.hour, seen.startMs, HOUR_MS);
    if (began && !answered && count(this.minute, asset, 1) > UNANSWERED_A_MINUTE) this.say('ntopng', 'scan', seen);
    if (began && port === 53 && distinct(this.fiveMinutes, asset, peer) > DNS_SERVERS) this.say('ntopng', 'dns-servers', seen);
    if (seen.endMs - this.beginOf(seen) > LONG_MS) this.say('Slips', 'long-connection', seen);
    if (count(this.hour, `up ${asset} ${peer}`, seen.octetsOut) >= UPLOAD_OCTETS) this.say('Slips', 'upload', seen);
    if (!began || answered) return;
    if (count(this.hour, `refused ${asset} ${peer} ${port}`, 1) >= REFUSED) this.say('Slips', 'reconnects', seen);
    if (distinct(this.hour, `hosts ${asset} ${port}`, peer) > NOT_ESTABLISHED) this.say('Slips', 'horizontal-scan', seen);
    if (distinct(this.hour, `ports ${asset} ${peer}`, String(port)) > NOT_ESTABLISHED) this.say('Slips', 'vertical-scan', seen);
  }

  alerts(untilMs: number): Alert[] {
    return this.waiting.splice(0).map((alert) => ({ ...alert, atMs: untilMs }));
  }

  private beginOf({ asset, peer, port, startMs, starts }: Seen): number {
    const key = `${asset} ${peer} ${port}`;
    if (starts) {
      this.began.set(key, startMs);
      return startMs;
    }
    return this.began.get(key) ?? startMs;
  }

  private say(tool: string, rule: string, { asset, peer, port, startMs, endMs }: Seen): void {
    // A scan is one thing, whoever it knocks at.
    const about = rule.includes('scan') || rule === 'dns-servers' ? '' : peer;
    const key = `${tool} ${rule} ${asset} ${about}`;
    if (this.said.has(key)) return;
    this.said.add(key);
    const by = `${tool} ${rule}`;
    this.waiting.push({ by, asset, peer, port, fromMs: startMs, toMs: endMs, atMs: endMs, sentence: `${asset} ${rule} ${about}` });
  }
}

function window(): Window {
  return { number: Number.NaN, counts: new Map(), sets: new Map() };
}

/** Records come by their end: a stray early one is counted in the window at hand. */
function open(of: Window, ms: number, lengthMs: number): void {
  const number = Math.floor(ms / lengthMs);
  if (number <= of.number) return;
  of.number = number;
  of.counts.clear();
  of.sets.clear();
}

function count({ counts }: Window, key: string, by: number): number {
  const sum = (counts.get(key) ?? 0) + by;
  counts.set(key, sum);
  return sum;
}

function distinct({ sets }: Window, key: string, value: string): number {
  let set = sets.get(key);
  if (set === undefined) {
    set = new Set();
    sets.set(key, set);
  }
  set.add(value);
  return set.size;
}
