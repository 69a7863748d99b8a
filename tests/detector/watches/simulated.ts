import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import type { ActivityView } from '../../../detector/watches/activity.js';
import { AssetMinutes } from '../../../detector/watches/activity.js';
import { ContactBook } from '../../../detector/watches/contacts.js';
import type { InboundSession } from '../../../detector/watches/inbound.js';
import { MINUTE_MS } from '../../../flow/time.js';

/** mulberry32: small, seedable, the same everywhere. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Instants (ms) at which one device sends, from `fromMs` to `untilMs`. */
export type Habit = (random: () => number, fromMs: number, untilMs: number) => Iterable<number>;

/** Activity without rows: each asset of the claims sends as its habit says. */
export class SimulatedActivity implements ActivityView {
  newestMs = Number.NEGATIVE_INFINITY;
  readonly minutes: AssetMinutes[];
  readonly contacts: ContactBook;

  constructor(claims: CompiledClaims, habitOf: (asset: number) => Habit, fromMs: number, untilMs: number, seed: number) {
    this.contacts = new ContactBook(claims);
    this.minutes = claims.assets.map((_, asset) => {
      const minutes = new AssetMinutes();
      for (const at of habitOf(asset)(generator(seed * 1000 + asset), fromMs, untilMs)) {
        const minute = Math.floor(at / MINUTE_MS);
        minutes.add('border', minute, minute);
        this.newestMs = Math.max(this.newestMs, at);
      }
      return minutes;
    });
  }

  active(asset: number) {
    return this.minutes[asset]!.active;
  }

  sensors(asset: number): ReadonlyMap<string, number> {
    return this.minutes[asset]!.sensors;
  }

  toldSince(): number {
    return 0;
  }

  inbound(): readonly InboundSession[] {
    return [];
  }
}

/** At random, `perMinute` times a minute. */
export function poisson(perMinute: number): Habit {
  return function* (random, fromMs, untilMs) {
    for (let at = fromMs; at < untilMs; ) {
      at += (-Math.log(1 - random()) * MINUTE_MS) / perMinute;
      if (at < untilMs) yield at;
    }
  };
}

/** Pauses with a heavy tail (Pareto with exponent `alpha`), at least `leastMinutes` long. */
export function pareto(alpha: number, leastMinutes: number): Habit {
  return function* (random, fromMs, untilMs) {
    for (let at = fromMs; at < untilMs; ) {
      at += (leastMinutes * MINUTE_MS) / (1 - random()) ** (1 / alpha);
      if (at < untilMs) yield at;
    }
  };
}

/** Every `minutes`, give or take a tenth; one in fifty beats is missing. */
export function heartbeat(minutes: number): Habit {
  return function* (random, fromMs, untilMs) {
    for (let at = fromMs; at < untilMs; at += minutes * MINUTE_MS * (0.95 + 0.1 * random())) if (random() > 0.02) yield at;
  };
}

/** Only in hours that `isOpen` says, each day from a begin that shifts by up to `shiftMinutes` either way. */
export function during(habit: Habit, isOpen: (localMs: number) => boolean, localOf: (ms: number) => number, shiftMinutes: number): Habit {
  return function* (random, fromMs, untilMs) {
    const shifts = new Map<number, number>();
    for (const at of habit(random, fromMs, untilMs)) {
      const local = localOf(at);
      const day = Math.floor(local / 86_400_000);
      if (!shifts.has(day)) shifts.set(day, (2 * random() - 1) * shiftMinutes * MINUTE_MS);
      if (isOpen(local + shifts.get(day)!)) yield at;
    }
  };
}

/** A habit that stops in [fromMs, toMs). */
export function except(habit: Habit, stopMs: number, backMs: number): Habit {
  return function* (random, fromMs, untilMs) {
    for (const at of habit(random, fromMs, untilMs)) if (at < stopMs || at >= backMs) yield at;
  };
}
