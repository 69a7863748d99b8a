import { DAY_MS } from '../../flow/time.js';
import type { Severity } from '../claims/compiled.js';
import { SEVERITIES } from '../claims/compiled.js';
import type { FindingsDesk, StandingFinding } from '../decisions/desk.js';
import { incidentsOf } from '../incidents/incident.js';
import { knownIdentities, noticesOf, type Told } from './notice.js';
import type { Outbox, Waiting } from './outbox.js';

/** Findings seen within this are looked at: an incident that has been quiet for longer is told no more. */
export const LOOK_BACK_MS = 2 * DAY_MS;

/** What must survive a restart: who was told what, and what waits. */
export interface NotifierState {
  readonly told: readonly Told[];
  readonly waiting: Readonly<Record<string, readonly Waiting[]>>;
}

export interface NotifierOptions {
  readonly desk: Pick<FindingsDesk, 'list'>;
  /** By the name of the target. */
  readonly outboxes: ReadonlyMap<string, Outbox>;
  readonly leastSeverity: Severity;
  readonly now: () => number;
  readonly state: NotifierState | undefined;
  /** Keeps the state; what is told or sent before it returns may be told again after a crash, under the same identity. */
  readonly save: (state: NotifierState) => Promise<void>;
}

/** Tells incidents to every target: each under one identity, and again only for a reason. */
export interface Notifier {
  /** Looks at the findings and queues what is to be told. */
  look(): Promise<void>;
  /** Sends what waits and is due. */
  work(): Promise<void>;
}

export function createNotifier(options: NotifierOptions): Notifier {
  const { desk, outboxes, now } = options;
  const least = SEVERITIES.indexOf(options.leastSeverity);
  let told: readonly Told[] = options.state?.told ?? [];
  for (const [name, outbox] of outboxes) outbox.restore(options.state?.waiting[name] ?? []);

  const save = (): Promise<void> =>
    options.save({ told, waiting: Object.fromEntries([...outboxes].map(([name, outbox]) => [name, outbox.waiting])) });

  return {
    async look() {
      const nowMs = now();
      const found = await desk.list({ fromMs: nowMs - LOOK_BACK_MS });
      // Mutes hide; what was acknowledged or closed as an incident is part of the story and no reason to tell it.
      const shown = found.filter(({ standing }) => standing.word !== 'noise' && standing.word !== 'expected');
      const open = new Set(shown.filter(isOpen).map(({ finding }) => finding.id));
      const incidents = incidentsOf(
        shown.map(({ finding }) => finding),
        knownIdentities(told),
      );
      const concern = incidents.filter(
        ({ severity, story }) => SEVERITIES.indexOf(severity) >= least && story.some(({ finding }) => open.has(finding)),
      );
      const next = noticesOf(concern, told);
      const changed = JSON.stringify(next.told) !== JSON.stringify(told);
      told = next.told;
      for (const notice of next.notices) for (const outbox of outboxes.values()) await outbox.push(notice, nowMs);
      if (changed) await save();
    },
    async work() {
      const nowMs = now();
      const left = await Promise.all([...outboxes.values()].map((outbox) => outbox.work(nowMs)));
      if (left.includes(true)) await save();
    },
  };
}

function isOpen({ standing }: StandingFinding): boolean {
  return standing.state === 'open';
}
