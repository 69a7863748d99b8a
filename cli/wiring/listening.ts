import type { Collector } from '../../collector/collector.js';
import { createUdpInput, type UdpAddress, type UdpInput } from '../../collector/inputs/udp.js';
import { createDomainOrigins, type SensorNamer } from '../../collector/origins.js';
import { formatAddress, type Prefix, parsePrefix } from '../../flow/address.js';
import type { Config } from '../../flow/service/config.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { MINUTE_MS } from '../../flow/time.js';
import { UsageError } from '../errors.js';
import type { ClaimSets } from './claim-sets.js';

/** The ledger of live traffic is sent on this often, up to two minutes behind the clock: late datagrams still find their minute open. */
const LEDGER_EVERY_MS = 10_000;
const LEDGER_BEHIND_MS = 2 * MINUTE_MS;
/** Name in the ledger for what the kernel dropped at our sockets before anybody could see whose it was. */
const UDP_INPUT = 'udp';

export interface Listening {
  readonly addresses: readonly UdpAddress[];
  readonly input: UdpInput;
  /** Rejects when listening ends by an error. */
  readonly failed: Promise<never>;
}

export interface ListenOptions {
  readonly config: Config;
  readonly claimSets: ClaimSets;
  readonly collector: Collector;
  readonly sensorOf: SensorNamer;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

/** Listens for export datagrams and hands them to the collector until the lifecycle stops. Throws InputError for a port that is taken. */
export async function startListening({ config, claimSets, collector, sensorOf, log, lifecycle }: ListenOptions): Promise<Listening> {
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
  const addresses = await input.bind();
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
  return { addresses, input, failed };
}

function parseListen(text: string): UdpAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new UsageError(`'${text}' is no address to listen on; write 127.0.0.1:2055 or [::1]:4739`);
  return { address: (match[1] ?? match[2])!, port };
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
