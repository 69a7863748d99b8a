import type { DrillFlow } from '../../detector/drills/message.js';
import type { Store } from '../../detector/store/store.js';
import type { Config } from '../../flow/service/config.js';
import { UsageError } from '../errors.js';
import type { Monitoring } from './monitoring.js';
import { isAlive, readProcessFiles } from './process-status.js';
import { configuredStore } from './stores.js';

/** Where a process that has a store open tells whether a drill is in it: GET /drill?source=PORT&destination=PORT&from=MS */
const PATH = '/drill';
const ASK_TIMEOUT_MS = 30_000;

/** What makes a drill findable: its ports, which nobody can guess, and a time that it is not older than. */
type Asked = Pick<DrillFlow, 'sourcePort' | 'destinationPort'> & { readonly fromMs: number };

/** Looks for drills that should arrive in the store. */
export interface DrillArrival {
  /** Throws StoreError; UsageError when the process that has the store open cannot be asked. */
  hasArrived(asked: Asked): Promise<boolean>;
  close(): Promise<void>;
}

async function isStored(store: Store, { sourcePort, destinationPort, fromMs }: Asked): Promise<boolean> {
  const { rows } = await store.query<{ found: string | number }>(
    `SELECT count() AS found FROM flows WHERE protocolIdentifier = 17 AND sourceTransportPort = {source:UInt16}
     AND destinationTransportPort = {destination:UInt16} AND flowStartMilliseconds >= fromUnixTimestamp64Milli({from:Int64})`,
    { source: sourcePort, destination: destinationPort, from: fromMs },
  );
  return Number(rows[0]?.found ?? 0) > 0;
}

/** Lets others ask this process, which has the store open: an embedded store can be opened once only. */
export function answerDrills(monitoring: Monitoring, store: Store): void {
  monitoring.answers(PATH, (asked) => {
    const [sourcePort, destinationPort] = ['source', 'destination'].map((name) => wholeNumber(asked.get(name), 65_535));
    const fromMs = wholeNumber(asked.get('from'), Number.MAX_SAFE_INTEGER);
    if (sourcePort === undefined || destinationPort === undefined || fromMs === undefined) return undefined;
    return isStored(store, { sourcePort, destinationPort, fromMs }).then((arrived) => ({ arrived }));
  });
}

function wholeNumber(text: string | null, most: number): number | undefined {
  const value = text !== null && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return value <= most ? value : undefined;
}

/**
 * Opens what the configuration names: a database server; else the process that runs with this data folder and has its store open; else the store itself.
 * Throws StoreError where that cannot be opened.
 */
export async function openDrillArrival(config: Config): Promise<DrillArrival> {
  const holder = config.clickhouse.url === undefined ? await storeHolder(config.data) : undefined;
  if (holder !== undefined) return { hasArrived: (asked) => askHolder(holder, asked), close: async () => undefined };
  const store = configuredStore(config, 'keep');
  await store.start();
  return { hasArrived: (asked) => isStored(store, asked), close: () => store.close() };
}

/** URL of the process that has the store of a data folder open, as far as it answers. */
async function storeHolder(data: string): Promise<string | undefined> {
  for (const { role, pid, url } of readProcessFiles(data)) {
    if ((role !== 'run' && role !== 'store') || !isAlive(pid)) continue;
    const answer = await fetch(new URL('/status', url), { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) }).catch(() => undefined);
    // A port is soon somebody else's.
    const status = answer?.ok === true ? ((await answer.json().catch(() => undefined)) as { pid?: unknown } | undefined) : undefined;
    if (status?.pid === pid) return url;
  }
  return undefined;
}

async function askHolder(url: string, { sourcePort, destinationPort, fromMs }: Asked): Promise<boolean> {
  const asked = new URLSearchParams({ source: String(sourcePort), destination: String(destinationPort), from: String(fromMs) });
  try {
    const answer = await fetch(new URL(`${PATH}?${asked}`, url), { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    if (answer.status === 404)
      throw new UsageError(`the process that has the store open, at ${url}, is of an older version and cannot be asked: restart it`);
    return answer.ok && ((await answer.json()) as { arrived?: unknown }).arrived === true;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // It is slow, or its database is, or it is being restarted: the next look, or the time that the drill has, decides.
    return false;
  }
}
