import type { Collector } from '../../collector/collector.js';
import { InputError } from '../../collector/inputs/input-error.js';
import { createUdpInput, type UdpAddress, type UdpInput } from '../../collector/inputs/udp.js';
import { createDomainOrigins, type SensorNamer } from '../../collector/origins.js';
import { formatAddress, type Prefix, parsePrefix } from '../../flow/address.js';
import type { Config } from '../../flow/service/config.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { MINUTE_MS } from '../../flow/time.js';
import { parseListen } from './check-config.js';
import type { ClaimSets } from './claim-sets.js';

/** The ledger of live traffic is sent on this often, up to two minutes behind the clock: late datagrams still find their minute open. */
const LEDGER_EVERY_MS = 10_000;
const LEDGER_BEHIND_MS = 2 * MINUTE_MS;
/** Name in the ledger for what the kernel dropped at our sockets before anybody could see whose it was. */
const UDP_INPUT = 'udp';

export interface Listening {
  readonly addresses: readonly UdpAddress[];
  readonly input: UdpInput;
  /** Begins to hand datagrams to the collector, those that have arrived since the sockets were opened first. */
  start(): Promise<{ /** Rejects when listening ends by an error. */ readonly failed: Promise<never> }>;
}

export interface ListenOptions {
  readonly config: Config;
  readonly claimSets: ClaimSets;
  readonly collector: Collector;
  readonly sensorOf: SensorNamer;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  /** Takes free ports where one is in use, as a newcomer's first run does. */
  readonly orFree?: boolean;
}

/** Opens the sockets for export datagrams, before anything else is done: a port that is taken is told at once, by an InputError. */
export async function openListening(options: ListenOptions): Promise<Listening> {
  const { input, addresses } = await openInput(options);
  await options.lifecycle.start({ name: 'udp sockets', stop: () => input.stop() });
  return { addresses, input, start: () => startListening(input, options) };
}

async function openInput(options: ListenOptions): Promise<{ input: UdpInput; addresses: readonly UdpAddress[] }> {
  const { config, claimSets, collector, sensorOf, log, orFree } = options;
  const listen = config.collector.listen.map(parseListen);
  const allow = allowedExporters(config, claimSets, listen, log);
  const input = createUdpInput(
    { listen, receiveBufferOctets: config.collector.receiveBufferBytes, ...(allow === undefined ? {} : { allow }) },
    {
      log,
      faults: collector.faults,
      sensorOf: (exporter) => sensorOf(exporter, 0),
      now: Date.now,
      onKernelDrops: ({ dropped }) => collector.ledger.kernelDrops(UDP_INPUT, dropped, Date.now()),
    },
  );
  try {
    return { input, addresses: await input.bind() };
  } catch (error) {
    if (orFree !== true || !(error instanceof InputError) || error.code !== 'port-in-use') throw error;
    const anywhere = config.collector.listen.map((text) => text.replace(/\d+$/, '0'));
    return openInput({ ...options, config: { ...config, collector: { ...config.collector, listen: anywhere } }, orFree: false });
  }
}

async function startListening(
  input: UdpInput,
  { config, collector, sensorOf, log, lifecycle }: ListenOptions,
): Promise<{ failed: Promise<never> }> {
  const originOf = createDomainOrigins(sensorOf);
  let refused = 0;
  const flushing = setInterval(
    () => void collector.flush().catch((error: unknown) => log.error({ error: String(error) }, 'flows cannot be sent on')),
    config.collector.flushMs,
  );
  const ledger = setInterval(() => {
    if (input.counters.refused > refused) {
      collector.ledger.refused(UDP_INPUT, input.counters.refused - refused, Date.now());
      refused = input.counters.refused;
    }
    void collector
      .flushLedger(Date.now() - LEDGER_BEHIND_MS)
      .catch((error: unknown) => log.error({ error: String(error) }, 'the ledger cannot be sent on'));
  }, LEDGER_EVERY_MS);
  const running = input.start((payload, sender) => collector.datagram(payload, originOf(payload, sender)));
  const failed = running.then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined);
  await lifecycle.start({
    name: 'udp input',
    async stop() {
      clearInterval(flushing);
      clearInterval(ledger);
      await input.stop();
      await collector.flush();
      await collector.flushLedger(Number.POSITIVE_INFINITY);
    },
  });
  return { failed };
}

/** Loopback hears everybody; beyond it only exporters that the configuration or a claim file names, since anybody can send a datagram. */
function allowedExporters(config: Config, { sets }: ClaimSets, listen: readonly UdpAddress[], log: Log): Prefix[] | undefined {
  if (config.collector.allow.length > 0) return config.collector.allow.map(parsePrefix);
  if (listen.every(({ address }) => address.startsWith('127.') || address === '::1')) return undefined;
  const declared = sets.flatMap((claims) => claims.sensors.map(({ exporter }) => parsePrefix(exporter)));
  const configured = Object.keys(config.collector.sensors).map(parsePrefix);
  const allow = [...declared, ...configured];
  log.warn(
    { exporters: allow.map(({ bytes }) => formatAddress(bytes)) },
    'only declared exporters are heard; name more in collector.allow',
  );
  return allow;
}
