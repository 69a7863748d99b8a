import type { Collector } from '../../collector/collector.js';
import type { Origin } from '../../collector/contracts.js';
import { InputError } from '../../collector/inputs/input-error.js';
import { createTcpInput, type TcpInput } from '../../collector/inputs/tcp.js';
import { createUdpInput, type UdpInput } from '../../collector/inputs/udp.js';
import { createDomainOrigins, type SensorNamer } from '../../collector/origins.js';
import { formatAddress, type Prefix, parsePrefix } from '../../flow/address.js';
import type { Config } from '../../flow/service/config.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { MINUTE_MS } from '../../flow/time.js';
import { type ListenAddress, parseListen } from './check-config.js';
import type { ClaimSets } from './claim-sets.js';
import type { ClusterMember } from './cluster-member.js';
import { startTailing } from './tailing.js';
import { loadTls } from './tls-files.js';

/** The ledger of live traffic is sent on this often, up to two minutes behind the clock: late datagrams still find their minute open. */
const LEDGER_EVERY_MS = 10_000;
const LEDGER_BEHIND_MS = 2 * MINUTE_MS;
/** Name in the ledger for what the kernel dropped at our sockets before anybody could see whose it was. */
const UDP_INPUT = 'udp';
/** The same for connections that were refused. */
const TCP_INPUT = 'tcp';

export interface Listening {
  readonly addresses: readonly ListenAddress[];
  /** Where IPFIX over TCP and over TLS is heard: those of collector.tcp first. */
  readonly tcpAddresses: readonly ListenAddress[];
  readonly input: UdpInput;
  readonly tcp: TcpInput;
  /** Begins to hand messages to the collector, those that have arrived since the sockets were opened first. */
  start(): Promise<{ /** Rejects when listening ends by an error. */ readonly failed: Promise<never> }>;
}

export interface ListenOptions {
  readonly config: Config;
  readonly claimSets: ClaimSets;
  readonly collector: Collector;
  readonly sensorOf: SensorNamer;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  /** For logs that are followed, see tailing.ts. */
  readonly durable?: (isLast: boolean) => Promise<void>;
  /** Takes free ports where one is in use, as a newcomer's first run does. */
  readonly orFree?: boolean;
  /** Of a process that collects for a dispatcher. */
  readonly member?: ClusterMember;
}

/** Opens the sockets for exporters, before anything else is done: a port that is taken is told at once, by an InputError. */
export async function openListening(options: ListenOptions): Promise<Listening> {
  const { input, addresses } = await openInput(options);
  await options.lifecycle.start({ name: 'udp sockets', stop: () => input.stop() });
  const tcp = createTcp(options);
  const tcpAddresses = await tcp.bind();
  await options.lifecycle.start({ name: 'tcp sockets', stop: () => tcp.stop() });
  return { addresses, tcpAddresses, input, tcp, start: () => startListening(input, tcp, options) };
}

/** IPFIX over TCP and TLS; listens to nothing where the configuration names nothing. */
function createTcp({ config, claimSets, collector, sensorOf, log }: ListenOptions): TcpInput {
  const { tcp, tls, maxConnections, maxConnectionsPerAddress } = config.collector;
  const [listen, listenTls] = [tcp.map(parseListen), tls.listen.map(parseListen)];
  const allow = allowedExporters('TCP', config, claimSets, [...listen, ...listenTls], log);
  const settings = loadTls(config.collector);
  const byName = new Map(Object.entries(tls.sensors).map(([name, sensor]) => [name.toLowerCase(), sensor]));
  return createTcpInput(
    {
      listen,
      listenTls,
      maxConnections,
      maxConnectionsPerAddress,
      ...(settings === undefined ? {} : { tls: settings }),
      ...(allow === undefined ? {} : { allow }),
    },
    {
      log,
      faults: collector.faults,
      sensorOf: (exporter, _port, names) =>
        names.map((name) => byName.get(name)).find((sensor) => sensor !== undefined) ?? sensorOf(exporter, 0),
      now: Date.now,
      onSessionEnd: (origin) => collector.endSession(origin),
    },
  );
}

async function openInput(options: ListenOptions): Promise<{ input: UdpInput; addresses: readonly ListenAddress[] }> {
  const { config, claimSets, collector, sensorOf, log, orFree } = options;
  const listen = config.collector.listen.map(parseListen);
  const allow = allowedExporters('UDP', config, claimSets, listen, log);
  const input = createUdpInput(
    {
      listen,
      receiveBufferOctets: config.collector.receiveBufferBytes,
      maxDatagramsPerSecond: config.collector.maxDatagramsPerSecond,
      ...(allow === undefined ? {} : { allow }),
    },
    {
      log,
      faults: collector.faults,
      sensorOf: (exporter) => sensorOf(exporter, 0),
      now: Date.now,
      onOverrun: (origin) => collector.ledger.overrun(origin),
      onKernelDrops: ({ dropped }) => collector.ledger.kernelDrops(UDP_INPUT, dropped, Date.now()),
      ...(options.member === undefined ? {} : { onStray: options.member.stray }),
      onLimited: (sensor, datagrams) => collector.ledger.refused(sensor, datagrams, Date.now()),
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
  tcp: TcpInput,
  { config, collector, sensorOf, log, lifecycle, durable }: ListenOptions,
): Promise<{ failed: Promise<never> }> {
  const originOf = createDomainOrigins(sensorOf);
  const certified = new Set(Object.values(config.collector.tls.sensors));
  // A sensor named by its certificate is that sensor in all its domains.
  const ofConnection = (payload: Uint8Array, sender: Origin): Origin =>
    sender.transport === 'tls' && certified.has(sender.sensor) ? sender : originOf(payload, sender);
  const told = new Map<string, number>();
  const tellRefused = (inputName: string, refused: number): void => {
    const before = told.get(inputName) ?? 0;
    if (refused > before) collector.ledger.refused(inputName, refused - before, Date.now());
    told.set(inputName, refused);
  };
  let isFlushing = false;
  const flushing = setInterval(() => {
    // While what follows is full, one that waits is enough.
    if (isFlushing) return;
    isFlushing = true;
    collector
      .flush()
      .catch((error: unknown) => log.error({ error: String(error) }, 'flows cannot be sent on'))
      .finally(() => {
        isFlushing = false;
      });
  }, config.collector.flushMs);
  const ledger = setInterval(() => {
    tellRefused(UDP_INPUT, input.counters.refused);
    tellRefused(TCP_INPUT, tcp.counters.refused);
    void collector
      .flushLedger(Date.now() - LEDGER_BEHIND_MS)
      .catch((error: unknown) => log.error({ error: String(error) }, 'the ledger cannot be sent on'));
  }, LEDGER_EVERY_MS);
  const running = input.start((payload, sender) => collector.datagram(payload, originOf(payload, sender)));
  const connected = tcp.start((payload, sender) => collector.datagram(payload, ofConnection(payload, sender)));
  const failed = Promise.all([running, connected]).then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined);
  await lifecycle.start({
    name: 'inputs',
    async stop() {
      clearInterval(flushing);
      clearInterval(ledger);
      await Promise.all([input.stop(), tcp.stop()]);
      // What was received and waits for the collector is handed over first; an error of theirs is the caller's, by `failed`.
      await Promise.allSettled([running, connected]);
      tellRefused(UDP_INPUT, input.counters.refused);
      tellRefused(TCP_INPUT, tcp.counters.refused);
      await collector.flush();
      await collector.flushLedger(Number.POSITIVE_INFINITY);
    },
  });
  if (config.collector.logs.length === 0) return { failed };
  const tailing = await startTailing({ logs: config.collector.logs, data: config.data, collector, log, durable, now: Date.now });
  await lifecycle.start({ name: 'logs', stop: () => tailing.stop() });
  const either = Promise.race([failed, tailing.failed]);
  either.catch(() => undefined);
  return { failed: either };
}

/** Loopback hears everybody; beyond it only exporters that the configuration or a claim file names, since anybody can send a datagram. */
export function allowedExporters(
  protocol: 'UDP' | 'TCP',
  config: Config,
  { sets }: ClaimSets,
  listen: readonly ListenAddress[],
  log: Log,
): Prefix[] | undefined {
  if (config.collector.allow.length > 0) return config.collector.allow.map(parsePrefix);
  if (listen.every(({ address }) => address.startsWith('127.') || address === '::1')) return undefined;
  const declared = sets.flatMap((claims) => claims.sensors.map(({ exporter }) => parsePrefix(exporter)));
  const configured = Object.keys(config.collector.sensors).map(parsePrefix);
  const allow = [...declared, ...configured];
  log.warn(
    { protocol, exporters: allow.map(({ bytes }) => formatAddress(bytes)) },
    'only declared exporters are heard; name more in collector.allow',
  );
  return allow;
}
