import { Command } from 'commander';
import { newestStoredMs } from '../../detector/store/queries/newest.js';
import { endSoon, Lifecycle, untilSignal } from '../../flow/service/lifecycle.js';
import { createLog } from '../../flow/service/log.js';
import { DAY_MS, formatTime, HOUR_MS } from '../../flow/time.js';
import { deskOver, explainLocked, withConfiguredStore } from '../wiring/desk.js';
import { serveConsole } from '../wiring/serve-console.js';
import { type CommonFlags, commonSettings, portFlag, withCommonFlags } from './common.js';

/** `cordon console`: the screens and their decisions over what others store: a ClickHouse server, or the folder of a replay that has ended. */
export function consoleCommand(): Command {
  return withCommonFlags(new Command('console').option('--port <port>', 'port of the console (default 3080, or a free one)')).action(
    async (flags: CommonFlags & { port?: string }) => {
      const port = portFlag(flags.port);
      const { config, origins } = commonSettings(flags);
      const log = createLog(config.logLevel, 'console');
      const lifecycle = new Lifecycle(log);
      const stopped = untilSignal();
      await explainLocked('Only cordon run answers with screens while it works', () =>
        withConfiguredStore(config, async (store) => {
          try {
            const url = await serveConsole({
              ...{ store, desk: deskOver(store, config), config, origins, log, lifecycle, data: config.data },
              ...{ port, claims: config.claims, recorded: lastDayOf(await newestStoredMs(store)) },
            });
            process.stdout.write(`Console   ${url}; Ctrl-C ends\n`);
            await stopped;
          } finally {
            await lifecycle.stop();
          }
        }),
      );
      endSoon({ log });
    },
  );
}

/** What was recorded long ago is shown where it is: the last day of it. Undefined where records still come, or none ever came. */
function lastDayOf(newestMs: number): { from: string; to: string } | undefined {
  if (newestMs === Number.NEGATIVE_INFINITY || Math.abs(Date.now() - newestMs) < HOUR_MS) return undefined;
  return { from: formatTime(newestMs + 1 - DAY_MS), to: formatTime(newestMs + 1) };
}
