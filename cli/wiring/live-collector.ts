import { join } from 'node:path';
import type { Collector, CollectorSettings } from '../../collector/collector.js';
import { type CollectorStatus, collectorStatus, redefinitionLine } from '../../collector/collector-status.js';
import { DEFAULT_QUARANTINE_LIMITS } from '../../collector/quarantine/limits.js';
import { createQuarantine, type Quarantine } from '../../collector/quarantine/quarantine.js';
import { createTemplatePersistence } from '../../collector/templates/persistence.js';
import { createTemplateStore, type Redefinition, type TemplateStore } from '../../collector/templates/store.js';
import { readUserElements } from '../../collector/templates/user-elements.js';
import type { Config } from '../../flow/service/config.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import type { Listening } from './listening.js';

/** How often redefined templates are looked for, and how many are told at a time: the ledger counts all of them. */
const REDEFINITIONS_EVERY_MS = 10_000;
const REDEFINITIONS_TOLD = 5;
/** A quarantine has at least this many files, so that making room never empties it. */
const QUARANTINE_FILES = 8;

/** What a collector of live traffic has beside one that reads files. */
export interface LiveParts {
  readonly settings: CollectorSettings;
  readonly templates: TemplateStore;
  readonly quarantine: Quarantine | undefined;
}

export interface LiveOptions {
  readonly config: Config;
  /** Folder of state and quarantine. */
  readonly data: string;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

/** Templates from before the last stop, and the quarantine. Before the inputs are opened, so that the first datagram finds its template. */
export async function startLiveParts({ config, data, log, lifecycle }: LiveOptions): Promise<LiveParts> {
  const { templates: settings, quarantineBytes } = config.collector;
  const { keyByPort } = settings;
  const templates = createTemplateStore({ keyByPort, elements: readUserElements(config.collector.elements) });
  if (settings.persist) {
    const persistence = createTemplatePersistence(templates, { path: join(data, 'state', 'templates.jsonl'), log, now: Date.now });
    await persistence.load();
    await lifecycle.start({ name: 'templates', start: () => persistence.start(), stop: () => persistence.stop() });
  }
  const quarantine = quarantineBytes === 0 ? undefined : configuredQuarantine(join(data, 'quarantine'), quarantineBytes, log);
  if (quarantine !== undefined) await lifecycle.start({ name: 'quarantine', stop: () => quarantine.stop() });
  const teller = createRedefinitionTeller(templates, log);
  const timer = setInterval(teller, REDEFINITIONS_EVERY_MS);
  await lifecycle.start({
    name: 'redefinitions',
    async stop() {
      clearInterval(timer);
      teller();
    },
  });
  return { settings: { templates, keyByPort, ...(quarantine === undefined ? {} : { quarantine }) }, templates, quarantine };
}

function configuredQuarantine(folder: string, maxOctets: number, log: Log): Quarantine {
  const maxFileOctets = Math.min(DEFAULT_QUARANTINE_LIMITS.maxFileOctets, Math.floor(maxOctets / QUARANTINE_FILES));
  return createQuarantine({ folder, log, limits: { maxOctets, maxFileOctets } });
}

/** Logs templates that were redefined since the last call. */
export function createRedefinitionTeller({ redefinitions }: Pick<TemplateStore, 'redefinitions'>, log: Pick<Log, 'warn'>): () => void {
  let last: Redefinition | undefined;
  return () => {
    const fresh = redefinitions.slice(last === undefined ? 0 : redefinitions.indexOf(last) + 1);
    last = redefinitions.at(-1);
    for (const redefinition of fresh.slice(0, REDEFINITIONS_TOLD)) {
      const line = redefinitionLine(redefinition);
      const what = `template ${line.template} of ${line.exporter}, domain ${line.domain}, ${line.protocol}`;
      log.warn(
        { ...line },
        line.wasRestored
          ? `${what} changed while Cordon was stopped: ${line.records} records since were read by the old one`
          : `${what} was redefined in flight: somebody reconfigured the exporter, or somebody sends in its name`,
      );
    }
    if (fresh.length > REDEFINITIONS_TOLD)
      log.warn({}, `${fresh.length - REDEFINITIONS_TOLD} more templates were redefined; see cordon doctor`);
  };
}

/** What the collector of this process says of itself. */
export function liveStatus(collector: Collector, { templates, quarantine }: LiveParts, listening: Listening | undefined): CollectorStatus {
  const udp = listening?.input;
  const tcp = listening?.tcp;
  const addresses = [...(listening?.addresses ?? []).map(named('udp')), ...(listening?.tcpAddresses ?? []).map(named('tcp'))];
  return collectorStatus({
    exporters: collector.ledger.exporters(),
    domains: templates.domains(),
    redefinitions: templates.redefinitions,
    counters: collector.counters,
    names: collector.names,
    quarantine,
    listening: addresses,
    buffers: udp?.buffers ?? [],
    kernelDrops: udp?.counters.kernelDrops ?? 0,
    queueDrops: udp?.counters.queueDrops ?? 0,
    refused: (udp?.counters.refused ?? 0) + (udp?.counters.limited ?? 0) + (tcp?.counters.refused ?? 0),
    refusedSenders: udp?.refusedSenders() ?? [],
  });
}

function named(transport: string): (at: { address: string; port: number }) => string {
  return ({ address, port }) => `${transport} ${address.includes(':') ? `[${address}]` : address}:${port}`;
}
