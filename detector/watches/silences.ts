import { DAY_MS, MINUTE_MS } from '../../flow/time.js';
import { type MinuteBits, minuteNumber } from './minute-bits.js';
import { Presence } from './presence.js';
import { LEARN_MS, type Scene } from './scene.js';

/** Below this (ln 1000) nobody looks at a pause, not even where others pause at the same time. */
export const LEAST_SURPRISE = 6.9;
/** An asset whose past is shorter is not looked at. */
export const LEAST_HISTORY_MS = DAY_MS;
/** A stop is sudden where it became improbable so soon: what ends at the end of the working day does not. */
const SUDDEN_MINUTES = 120;

const DAY_MINUTES = DAY_MS / MINUTE_MS;

/** A pause of one asset that is long and improbable enough to look at. Minutes are numbers of minutes since the epoch. */
export interface Silence {
  readonly asset: number;
  /** First minute without a packet; the minute in which it sent again, or the watermark's. */
  readonly onset: number;
  readonly end: number;
  /** Nothing has come until the watermark. */
  readonly open: boolean;
  /** Minutes of it in which its sensors saw, and in which they did not. */
  readonly seen: number;
  readonly unseen: number;
  /** Sensors saw the first minutes: it is known when it began. */
  readonly onsetSeen: boolean;
  /** Sum of −ln P0: minus the logarithm of the probability that it is chance (presence.ts). */
  readonly surprise: number;
  /** In how many of the minutes seen it usually sends. */
  readonly usual: number;
  /** The second most surprising pause that was learned. */
  readonly usualSurprise: number;
  /** Minutes of the second longest and the median pause that were learned; 0 where there were too few. */
  readonly longPause: number;
  readonly medianPause: number;
  /** It reached LEAST_SURPRISE within two hours of its begin: the asset stopped while it would have gone on. */
  readonly sudden: boolean;
  /** Since when the asset is known. */
  readonly historyMs: number;
  readonly sensors: readonly string[];
  /** Least minutes that tell a silence from a session that goes on unseen. */
  readonly floor: number;
}

/**
 * Pauses of members of fleets that began within the scene: longer than twice the active timeout of what they are seen by and a minute (a session that goes on
 * is told of once an active timeout, and its record takes time to come), and improbable by what was learned in the four weeks before their day.
 */
export function candidatesOf(scene: Scene): readonly Silence[] {
  const known = CANDIDATES.get(scene);
  if (known !== undefined) return known;
  const found: Silence[] = [];
  scene.claims.assets.forEach(({ auxiliary }, asset) => {
    if (!auxiliary) found.push(...silencesOf(scene, asset));
  });
  CANDIDATES.set(scene, found);
  return found;
}

/** A scene does not change: every watch looks at the same candidates. */
const CANDIDATES = new WeakMap<Scene, readonly Silence[]>();

function silencesOf(scene: Scene, asset: number): Silence[] {
  const active = scene.activity.active(asset);
  const first = active.first();
  if (first < 0) return [];
  const sensors = scene.sensorsOf(asset);
  const unknown = scene.unknownOf(sensors);
  if (unknown === undefined) return [];
  const floor = Math.ceil((2 * scene.activeTimeoutMs(sensors)) / MINUTE_MS) + 1;
  const until = minuteNumber(scene.untilMs);
  const silences: Silence[] = [];
  const learned = new Map<number, Presence>();
  for (let at = Math.max(first, minuteNumber(scene.fromMs) - 1); at < until; ) {
    const onset = active.nextClear(at, until);
    const end = active.nextSet(onset, until);
    at = end;
    if (onset >= until || onset * MINUTE_MS < scene.fromMs || end - onset < floor) continue;
    if ((onset - first) * MINUTE_MS < LEAST_HISTORY_MS) continue;
    const seen = end - onset - unknown.count(onset, end);
    if (seen < floor) continue;
    const day = Math.floor(onset / DAY_MINUTES);
    const presence = learned.get(day) ?? learn(scene, active, unknown, first, day);
    learned.set(day, presence);
    const surprise = presence.surprise(unknown, onset, end);
    if (surprise < LEAST_SURPRISE && !(presence.longPause > 0 && seen > presence.longPause)) continue;
    const sudden = presence.surprise(unknown, onset, Math.min(end, onset + floor + SUDDEN_MINUTES)) >= LEAST_SURPRISE;
    silences.push({
      asset,
      onset,
      end,
      open: end >= until,
      seen,
      unseen: end - onset - seen,
      onsetSeen: !unknown.has(onset) && !unknown.has(onset + 1) && !unknown.has(onset - 1),
      surprise,
      usual: usualMinutes(presence, unknown, onset, end),
      usualSurprise: presence.usualSurprise,
      longPause: presence.longPause,
      medianPause: presence.medianPause,
      sudden,
      historyMs: (onset - first) * MINUTE_MS,
      sensors,
      floor,
    });
  }
  return silences;
}

/**
 * What was learned of an asset's minutes, and from which: looks follow one another by minutes, and what lies before the day stays what it was but for data that
 * come late. A cache, of 1.5 kB a day and an asset that pauses; it holds as long as the minutes that it was learned from are the same.
 */
interface Learned {
  readonly from: number;
  readonly until: number;
  readonly activePrint: number;
  readonly unknownPrint: number;
  readonly timezone: string;
  readonly presence: Presence;
}
/** A local day touches two of these days. */
const DAYS_KEPT = 2;
const LEARNED = new WeakMap<MinuteBits, readonly Learned[]>();

/** Learns from the four weeks before the day; from the day's own part before that where the asset is known no longer. */
function learn(scene: Scene, active: MinuteBits, unknown: MinuteBits, first: number, day: number): Presence {
  const until = Math.max(day * DAY_MINUTES, first + LEAST_HISTORY_MS / MINUTE_MS);
  const from = Math.max(first, until - LEARN_MS / MINUTE_MS);
  const activePrint = active.fingerprint(from, until);
  const unknownPrint = unknown.fingerprint(from, until);
  const { timezone } = scene.claims;
  const kept = LEARNED.get(active) ?? [];
  const known = kept.find(
    (one) =>
      one.from === from &&
      one.until === until &&
      one.activePrint === activePrint &&
      one.unknownPrint === unknownPrint &&
      one.timezone === timezone,
  );
  if (known !== undefined) return known.presence;
  const presence = new Presence(active, unknown, scene.slots, from, until);
  LEARNED.set(active, [...kept, { from, until, activePrint, unknownPrint, timezone, presence }].slice(-DAYS_KEPT));
  return presence;
}

function usualMinutes(presence: Presence, unknown: MinuteBits, from: number, until: number): number {
  let sum = 0;
  for (let at = from; at < until; at++) if (!unknown.has(at)) sum += 1 - presence.emptyAt(at);
  return sum;
}
