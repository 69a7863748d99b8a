import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FindingsDesk } from '../../detector/decisions/desk.js';
import { createNotifier, type NotifierState } from '../../detector/notifications/notifier.js';
import { Outbox } from '../../detector/notifications/outbox.js';
import type { Config } from '../../flow/service/config.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { replaceFile } from '../../flow/service/replace-file.js';
import { formatTime } from '../../flow/time.js';
import type { Monitoring } from './monitoring.js';
import { notificationTargets } from './notification-targets.js';

/** Findings are looked at this often, and what waits is tried this often. */
const LOOK_EVERY_MS = 5000;
const WORK_EVERY_MS = 1000;

export interface NotificationOptions {
  readonly config: Config;
  readonly desk: Pick<FindingsDesk, 'list'>;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  readonly monitoring?: Monitoring | undefined;
}

/**
 * Tells the configured targets of incidents until the lifecycle stops. Under `<data>/notifications`: `state.json` (who was told what, and what waits), and for each
 * target `<name>.dead.jsonl`, one line for each notice that was given up.
 */
export async function startNotifications({ config, desk, log, lifecycle, monitoring }: NotificationOptions): Promise<void> {
  const { leastSeverity, targets } = config.notifications;
  if (targets.length === 0) return;
  const folder = join(config.data, 'notifications');
  await mkdir(folder, { recursive: true });
  const outboxes = new Map(
    notificationTargets(targets).map(({ name, send }) => {
      const bury = async (notice: object, reason: string): Promise<void> => {
        log.error({ target: name, reason }, 'a notice was given up; it is in the dead letters');
        await appendFile(join(folder, `${name}.dead.jsonl`), `${JSON.stringify({ at: formatTime(Date.now()), reason, notice })}\n`);
      };
      return [name, new Outbox({ send, bury })] as const;
    }),
  );
  const path = join(folder, 'state.json');
  const notifier = createNotifier({
    desk,
    outboxes,
    leastSeverity,
    now: Date.now,
    state: await readState(path, log),
    save: (state) => replaceFile(path, `${JSON.stringify(state)}\n`),
  });
  if (monitoring !== undefined) watchNotifications(monitoring, outboxes);
  // Looking and sending take turns, so that one never saves over the other; whoever finds the other at work comes again.
  let running: Promise<void> | undefined;
  const inTurn = (work: () => Promise<void>): void => {
    running ??= work()
      .catch((error: unknown) => log.error({ error: String(error) }, 'incidents could not be told'))
      .finally(() => {
        running = undefined;
      });
  };
  let timers: NodeJS.Timeout[] = [];
  await lifecycle.start({
    name: 'notifications',
    async start() {
      timers = [
        setInterval(() => inTurn(() => notifier.look()), LOOK_EVERY_MS),
        setInterval(() => inTurn(() => notifier.work()), WORK_EVERY_MS),
      ];
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      // What waits is in the state file, and is sent after the next start.
      await running;
    },
  });
}

function watchNotifications({ metrics, every }: Monitoring, outboxes: ReadonlyMap<string, Outbox>): void {
  every(() => {
    const series = (value: (outbox: Outbox) => number) =>
      [...outboxes].map(([target, outbox]) => ({ labels: { target }, value: value(outbox) }));
    metrics.table(
      'notifications_sent',
      'counter',
      'notices that a target has',
      series(({ counters }) => counters.sent),
    );
    metrics.table(
      'notifications_failed',
      'counter',
      'attempts that failed',
      series(({ counters }) => counters.failed),
    );
    metrics.table(
      'notifications_dead',
      'counter',
      'notices that were given up',
      series(({ counters }) => counters.dead),
    );
    metrics.table(
      'notifications_waiting',
      'gauge',
      'notices that wait',
      series(({ waiting }) => waiting.length),
    );
  });
}

/** Undefined where there is none, or it cannot be read: then incidents may be told again. */
async function readState(path: string, log: Log): Promise<NotifierState | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as NotifierState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn(
        { path, error: String(error) },
        'who was told what cannot be read: incidents of the last two days are told again, under the same identity',
      );
    return undefined;
  }
}
