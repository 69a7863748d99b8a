import { createConsole } from '../../dashboards/console/console.js';
import type { FindingsDesk } from '../../detector/decisions/desk.js';
import type { Store } from '../../detector/store/store.js';
import type { Config, Origins } from '../../flow/service/config.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { environment } from '../environment.js';
import { screenDesk } from './screen-desk.js';
import { consoleQuery } from './stores.js';
import { consoleTls } from './tls-files.js';

export interface ConsoleParts {
  readonly store: Store;
  readonly desk: FindingsDesk;
  readonly config: Config;
  readonly origins: Origins;
  /** Claim files that are judged by, and the data folder: where the draft of what is expected lies. */
  readonly claims: readonly string[];
  readonly data: string;
  /** The flag --port. */
  readonly port: string | undefined;
  /** Range to open on instead of the last day. */
  readonly recorded: { readonly from: string; readonly to: string } | undefined;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

/** Serves the console over an open store until the lifecycle stops; answers its address. Port 3080, or a free one where nobody named any. */
export async function serveConsole(parts: ConsoleParts): Promise<string> {
  const { store, desk, config, origins, claims, data, recorded, log, lifecycle } = parts;
  const port = parts.port ?? (origins.has('console.port') ? String(config.console.port) : undefined);
  const token = environment('CORDON_CONSOLE_TOKEN');
  const readToken = environment('CORDON_CONSOLE_READ_TOKEN');
  const tls = consoleTls(config.console.tls);
  const viewer = createConsole({
    query: consoleQuery(store),
    desk: screenDesk(desk, { claims: [...claims], data }),
    log,
    now: Date.now,
    host: config.console.host,
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(token === undefined ? {} : { token }),
    ...(readToken === undefined ? {} : { readToken }),
    ...(tls === undefined ? {} : { tls }),
    ...(recorded === undefined ? {} : { defaultRange: recorded }),
  });
  let url = '';
  await lifecycle.start({
    name: 'console',
    async start() {
      url = (await viewer.start()).url;
    },
    stop: () => viewer.stop(),
  });
  return url;
}
