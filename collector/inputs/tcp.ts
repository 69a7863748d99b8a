import { once } from 'node:events';
import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { type Prefix, parseAddress } from '../../flow/address.js';
import type { Log } from '../../flow/service/log.js';
import type { Faults, FlowSource, Origin } from '../contracts.js';
import { errorCode, InputError } from './input-error.js';
import { bindError, createAllowList, type ListenAddress, listenName, senderAddress } from './listen.js';
import { MAX_EXPORTERS } from './origins.js';
import { TcpConnection } from './tcp-connection.js';
import type { TcpCounters } from './tcp-counters.js';
import { certificateNames } from './tls-names.js';

export const TCP_DEFAULTS = {
  /** Connections at once, over all ports; one more is refused. Each holds 64 KiB of half a message at most, beside the socket's own buffers. */
  maxConnections: 1024,
  /** Connections at once from one address: an exporter needs one for each of its exporting processes. */
  maxConnectionsPerAddress: 16,
  /** How long the rest of a message that has begun may take. A connection without messages may be silent for ever: TCP's keep-alive finds dead peers. */
  messageTimeoutMs: 30_000,
  /** How long a TLS handshake may take. */
  handshakeTimeoutMs: 10_000,
  /** Silence after which the kernel asks whether the peer is still there. */
  keepAliveMs: 60_000,
} as const;

/** How often half messages are looked at. */
const TIMEOUT_STEP_MS = 1000;

/** What a TLS listener shows and demands. */
export interface TlsSettings {
  /** PEM: our certificate with its chain, and its key. */
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** PEM: who signs exporters' certificates. Without it nobody is asked for one. */
  readonly ca?: string | Buffer;
}

export interface TcpInputOptions {
  readonly listen: readonly ListenAddress[];
  /** The same with TLS on each connection; needs `tls`. */
  readonly listenTls?: readonly ListenAddress[];
  readonly tls?: TlsSettings;
  /** Who may connect. Everybody when undefined, nobody when empty. */
  readonly allow?: readonly Prefix[];
  readonly maxConnections?: number;
  readonly maxConnectionsPerAddress?: number;
  readonly messageTimeoutMs?: number;
  readonly handshakeTimeoutMs?: number;
  readonly keepAliveMs?: number;
}

export interface TcpInputDependencies {
  readonly log: Log;
  readonly faults: Faults;
  /** Names the sensor of a connection: by address, and by what the exporter's certificate says (its DNS names, then its common name). */
  readonly sensorOf: (exporter: Uint8Array, exporterPort: number, names: readonly string[]) => string;
  /** Wall clock in ms, for the time of arrival. */
  readonly now: () => number;
  /** Told when a connection has ended and its last message was handed over: its templates and sequence numbers are void (RFC 7011 §8). */
  readonly onSessionEnd: (origin: Origin) => void;
}

export interface TcpInput extends FlowSource {
  readonly counters: Readonly<TcpCounters>;
  /**
   * Opens the ports, those of `listen` first, and answers where they are bound. `start` calls it when nobody has. What arrives before `start` waits in the
   * kernel. Throws InputError, for 'port-in-use' above all.
   */
  bind(): Promise<readonly ListenAddress[]>;
}

/**
 * IPFIX over TCP and TLS (RFC 7011 §10.4, §11.1). Each connection is a session with an Origin of its own. A collector that makes us wait makes the exporter wait:
 * nothing is read meanwhile. What is no message ends the connection, for nothing tells where the next one begins. Inert until `bind` or `start`;
 * `start` resolves after `stop`.
 */
export function createTcpInput(options: TcpInputOptions, dependencies: TcpInputDependencies): TcpInput {
  return new TcpServers({ ...TCP_DEFAULTS, ...options }, dependencies);
}

type Settings = TcpInputOptions & Required<Omit<TcpInputOptions, 'listenTls' | 'tls' | 'allow'>>;

class TcpServers implements TcpInput {
  readonly counters: TcpCounters = {
    connections: 0,
    open: 0,
    refused: 0,
    handshakesFailed: 0,
    broken: 0,
    slow: 0,
    cut: 0,
    messages: 0,
    octets: 0,
  };
  private readonly options: Settings;
  private readonly dependencies: TcpInputDependencies;
  private readonly isAllowed: (address: Uint8Array) => boolean;
  private readonly servers: Server[] = [];
  private secure: TlsServer | undefined;
  private readonly perAddress = new Map<string, number>();
  private readonly sockets = new Set<Socket>();
  private readonly sessions = new Set<TcpConnection>();
  /** Addresses that were told of in the log, so that a peer that tries again and again fills no disk. */
  private readonly warned = new Set<string>();
  private lastSession = 0;
  private binding: Promise<readonly ListenAddress[]> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private deliver: Parameters<FlowSource['start']>[0] | undefined;
  private finish: ((error?: unknown) => void) | undefined;
  private stopping: Promise<void> | undefined;

  constructor(options: Settings, dependencies: TcpInputDependencies) {
    this.options = options;
    this.dependencies = dependencies;
    this.isAllowed = createAllowList(options.allow);
  }

  bind(): Promise<readonly ListenAddress[]> {
    this.binding ??= this.open();
    return this.binding;
  }

  async start(deliver: Parameters<FlowSource['start']>[0]): Promise<void> {
    await this.bind();
    if (this.stopping !== undefined) return this.stopping;
    const ended = new Promise<void>((resolve, reject) => {
      this.finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.deliver = deliver;
    for (const session of this.sessions) session.begin(deliver);
    await ended;
  }

  stop(): Promise<void> {
    this.stopping ??= this.close();
    return this.stopping;
  }

  private async open(): Promise<readonly ListenAddress[]> {
    const { listen, listenTls = [], tls } = this.options;
    if (tls !== undefined) this.secure = this.secureServer(tls);
    try {
      for (const address of listen) await this.openPort(address, (socket, from) => this.admit(socket, from, []));
      for (const address of listenTls) await this.openPort(address, (socket) => this.secure?.emit('connection', socket));
    } catch (error) {
      for (const server of this.servers) server.close();
      this.servers.length = 0;
      throw error;
    }
    this.timer = setInterval(() => this.closeSlow(), TIMEOUT_STEP_MS);
    this.timer.unref();
    return this.servers.map((server) => {
      const { address, port } = server.address() as AddressInfo;
      return { address, port };
    });
  }

  private async openPort(listen: ListenAddress, accept: (socket: Socket, from: Uint8Array) => void): Promise<void> {
    parseAddress(listen.address);
    const server = createServer({ keepAlive: true, keepAliveInitialDelay: this.options.keepAliveMs, pauseOnConnect: false });
    server.on('connection', (socket) => {
      const from = this.gate(socket);
      if (from !== undefined) accept(socket, from);
    });
    try {
      server.listen({ host: listen.address, port: listen.port, ipv6Only: isIPv6(listen.address), exclusive: true });
      await once(server, 'listening');
    } catch (error) {
      throw bindError('TCP', listen, error);
    }
    server.on('error', (error) =>
      this.fail(new InputError('socket-failed', `${listenName('TCP', listen)} failed: ${error.message}`, { cause: error })),
    );
    this.servers.push(server);
  }

  /** Who may connect, before anything is made for them. Answers the address; undefined when the connection was refused. */
  private gate(socket: Socket): Uint8Array | undefined {
    const { remoteAddress } = socket;
    const from = remoteAddress === undefined ? undefined : senderAddress(remoteAddress);
    const open = this.perAddress.get(remoteAddress ?? '') ?? 0;
    const isRefused =
      remoteAddress === undefined ||
      from === undefined ||
      !this.isAllowed(from) ||
      this.sockets.size >= this.options.maxConnections ||
      open >= this.options.maxConnectionsPerAddress;
    if (isRefused) {
      this.counters.refused++;
      this.dependencies.faults.add('refused');
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
      return undefined;
    }
    this.perAddress.set(remoteAddress, open + 1);
    this.sockets.add(socket);
    this.counters.open++;
    socket.once('close', () => {
      const left = (this.perAddress.get(remoteAddress) ?? 1) - 1;
      if (left > 0) this.perAddress.set(remoteAddress, left);
      else this.perAddress.delete(remoteAddress);
      this.sockets.delete(socket);
      this.counters.open--;
    });
    return from;
  }

  private secureServer(tls: TlsSettings): TlsServer {
    const asksForCertificate = tls.ca !== undefined;
    const server = createTlsServer({
      cert: tls.cert,
      key: tls.key,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      requestCert: asksForCertificate,
      rejectUnauthorized: asksForCertificate,
      minVersion: 'TLSv1.2',
      handshakeTimeout: this.options.handshakeTimeoutMs,
    });
    server.on('secureConnection', (socket) => {
      if (socket.remoteAddress === undefined) socket.destroy();
      else this.admit(socket, senderAddress(socket.remoteAddress), certificateNames(socket.getPeerCertificate()));
    });
    server.on('tlsClientError', (error, socket) => this.handshakeFailed(error, socket));
    return server;
  }

  private handshakeFailed(error: Error, socket: TLSSocket): void {
    this.counters.handshakesFailed++;
    const exporter = socket.remoteAddress ?? 'somebody who has gone';
    // OpenSSL's errors carry their reason in words.
    const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
    this.warnOnce(exporter, `a TLS connection failed: ${reason} (${errorCode(error)})`);
    socket.destroy();
  }

  private admit(socket: Socket, exporter: Uint8Array, names: readonly string[]): void {
    const { log, sensorOf, now, onSessionEnd } = this.dependencies;
    const exporterPort = socket.remotePort ?? 0;
    this.counters.connections++;
    const origin: Origin = {
      sensor: sensorOf(exporter, exporterPort, names),
      exporter,
      exporterPort,
      transport: 'encrypted' in socket ? 'tls' : 'tcp',
      session: ++this.lastSession,
      receivedMs: Number.NaN,
    };
    const session = new TcpConnection(socket, origin, this.counters, now, (error) => this.fail(error));
    this.sessions.add(session);
    session.ended
      .then((reason) => {
        this.sessions.delete(session);
        onSessionEnd(origin);
        log.debug({ sensor: origin.sensor, port: exporterPort, reason }, 'an exporter has disconnected');
        if (reason === 'broken')
          this.warnOnce(socket.remoteAddress ?? origin.sensor, 'what came over TCP is no IPFIX; the connection was closed');
      })
      .catch((error: unknown) => this.fail(error));
    log.debug({ sensor: origin.sensor, port: exporterPort, names }, 'an exporter has connected');
    if (this.deliver !== undefined) session.begin(this.deliver);
  }

  private warnOnce(exporter: string, sentence: string): void {
    if (this.warned.has(exporter)) return;
    if (this.warned.size >= MAX_EXPORTERS) this.warned.clear();
    this.warned.add(exporter);
    this.dependencies.log.warn({ exporter }, `${sentence}; told once per address, counted always`);
  }

  private closeSlow(): void {
    const before = this.dependencies.now() - this.options.messageTimeoutMs;
    for (const session of this.sessions) if (session.waitsSinceMs < before) session.closeSlow();
  }

  private fail(error: unknown): void {
    const { finish } = this;
    this.finish = undefined;
    this.deliver = undefined;
    finish?.(error);
    void this.stop();
  }

  private async close(): Promise<void> {
    await this.binding?.catch(() => undefined);
    clearInterval(this.timer);
    const closed = [
      ...this.servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
      ...[...this.sockets].map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))),
    ];
    for (const session of this.sessions) session.stop();
    // Those still shaking hands are no sessions yet.
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(closed);
    // Not waited for: `deliver` may itself be what calls `stop`.
    void Promise.all([...this.sessions].map(({ ended }) => ended)).then(() => this.finish?.());
  }
}
