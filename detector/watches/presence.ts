import type { MinuteBits } from './minute-bits.js';
import { STEP_MINUTES, type WeekSlots } from './week-slots.js';

const WEEK_HOURS = 168;
/**
 * How many minutes of a coarser kind a finer one starts with. Few: a weekend that was seen once has shown 60 quiet minutes of each of its hours, and must not be
 * taken for workdays on the next one.
 */
const SHRINK_MINUTES = 10;
/** No minute tells more than this: ln 1000 = 6.9, so that two of them never suffice. */
const LEAST_EMPTY = 0.001;
/** Pauses that a rhythm is learned from, at least. */
const LEAST_PAUSES = 14;
/** Lengths of pauses are counted exactly up to here, in minutes; longer ones are as long as this. */
const MOST_PAUSE = 4 * 1440;

/**
 * How likely an asset is to send nothing in a minute of each hour of the local week, and how long it has been quiet at most: learned from the minutes
 * [from, until) in which its sensors saw.
 *
 * detection.md D12 takes P0 = (1+φμ)^(−1/φ) from mean and overdispersion of the counts of a minute. The share of empty minutes is what that formula
 * estimates: here it is counted, which is the same for Poisson traffic (e^−μ) and holds as well for traffic of which neither mean nor variance tells how often
 * it pauses (a burst of images, then nothing). A slot starts from the hour of the day on workdays or weekends, that from the asset as a whole, a few
 * minutes' worth each. A minute counts as empty as the likeliest of its slot and of the slots an hour before and behind: the first and last hour
 * of work are never on the minute, and clocks change by an hour twice a year.
 */
export class Presence {
  /** Minutes that were seen and learned from. */
  readonly minutes: number;
  /** Sum of −ln P0 over the second most surprising pause that was learned: the first may have been an outage. */
  readonly usualSurprise: number;
  /** Minutes of the second longest pause and of the median one; 0 where there are too few pauses. */
  readonly longPause: number;
  readonly medianPause: number;
  private readonly slots: WeekSlots;
  /** −ln of the probability of an empty minute, by slot, neighbours counted in. */
  private readonly each = new Float64Array(WEEK_HOURS);

  constructor(active: MinuteBits, unknown: MinuteBits, slots: WeekSlots, from: number, until: number) {
    this.slots = slots;
    const seen = new Float64Array(WEEK_HOURS);
    const quiet = new Float64Array(WEEK_HOURS);
    let minutes = 0;
    for (let at = from; at < until; ) {
      const end = Math.min(until, at + STEP_MINUTES - (at % STEP_MINUTES));
      const slot = slots.slotOf(at);
      const length = end - at;
      const blind = unknown.count(at, end);
      // Hardly any step is partly blind: only those are looked at minute by minute.
      let sent = blind === 0 ? active.count(at, end) : 0;
      if (blind > 0) for (let minute = at; minute < end; minute++) if (active.has(minute) && !unknown.has(minute)) sent++;
      minutes += length - blind;
      seen[slot]! += length - blind;
      quiet[slot]! += length - blind - sent;
      at = end;
    }
    this.minutes = minutes;
    this.shrink(seen, quiet);
    const pauses = this.pauses(active, unknown, from, until);
    this.usualSurprise = pauses.surprise;
    this.longPause = pauses.long;
    this.medianPause = pauses.median;
  }

  /** Probability that the asset sends nothing in that minute, as far as its past tells. */
  emptyAt(minute: number): number {
    return Math.exp(-this.each[this.slots.slotOf(minute)]!);
  }

  /** Sum of −ln P0 over the minutes [from, until) that were seen: how surprising it is that all of them were empty. */
  surprise(unknown: MinuteBits, from: number, until: number): number {
    let sum = 0;
    for (let at = from; at < until; ) {
      const end = Math.min(until, at + STEP_MINUTES - (at % STEP_MINUTES));
      sum += this.each[this.slots.slotOf(at)]! * (end - at - unknown.count(at, end));
      at = end;
    }
    return sum;
  }

  private shrink(seen: Float64Array, quiet: Float64Array): void {
    const empty = new Float64Array(WEEK_HOURS);
    const ofDaySeen = new Float64Array(48);
    const ofDayQuiet = new Float64Array(48);
    let allSeen = 0;
    let allQuiet = 0;
    for (let slot = 0; slot < WEEK_HOURS; slot++) {
      ofDaySeen[hourOfDay(slot)]! += seen[slot]!;
      ofDayQuiet[hourOfDay(slot)]! += quiet[slot]!;
      allSeen += seen[slot]!;
      allQuiet += quiet[slot]!;
    }
    const whole = (allQuiet + 0.5) / (allSeen + 1);
    for (let slot = 0; slot < WEEK_HOURS; slot++) {
      const day = hourOfDay(slot);
      const hour = (ofDayQuiet[day]! + SHRINK_MINUTES * whole) / (ofDaySeen[day]! + SHRINK_MINUTES);
      empty[slot] = Math.max(LEAST_EMPTY, (quiet[slot]! + SHRINK_MINUTES * hour) / (seen[slot]! + SHRINK_MINUTES));
    }
    for (let slot = 0; slot < WEEK_HOURS; slot++) {
      const beside = Math.max(empty[(slot + 1) % WEEK_HOURS]!, empty[(slot + WEEK_HOURS - 1) % WEEK_HOURS]!);
      this.each[slot] = -Math.log(Math.max(empty[slot]!, beside));
    }
  }

  private pauses(active: MinuteBits, unknown: MinuteBits, from: number, until: number) {
    const lengths = new Uint32Array(MOST_PAUSE + 1);
    let count = 0;
    const surprises: [number, number] = [0, 0];
    for (let at = active.nextSet(from, until); at < until; ) {
      const pause = active.nextClear(at, until);
      const end = active.nextSet(pause, until);
      // One that is still open when learning ends is not learned.
      if (end >= until) break;
      const length = end - pause - unknown.count(pause, end);
      if (length > 0) {
        lengths[Math.min(MOST_PAUSE, length)]!++;
        count++;
        // A minute or two are no pause worth the sum.
        if (length > 2) addLargest(surprises, this.surprise(unknown, pause, end));
      }
      at = end;
    }
    return {
      surprise: surprises[1],
      long: count < LEAST_PAUSES ? 0 : lengthAt(lengths, count - 1),
      median: count < LEAST_PAUSES ? 0 : lengthAt(lengths, Math.ceil(count / 2)),
    };
  }
}

/** 0–23 on workdays, 24–47 on Saturdays and Sundays. */
function hourOfDay(slot: number): number {
  return (slot % 24) + (slot >= 120 ? 24 : 0);
}

function addLargest(two: [number, number], value: number): void {
  if (value > two[0]) {
    two[1] = two[0];
    two[0] = value;
  } else if (value > two[1]) two[1] = value;
}

/** Length of the pause with that rank, the shortest first. */
function lengthAt(lengths: Uint32Array, rank: number): number {
  let below = 0;
  for (let length = 0; length < lengths.length; length++) {
    below += lengths[length]!;
    if (below >= rank) return length;
  }
  return lengths.length - 1;
}
