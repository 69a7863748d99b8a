import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Prefix, parseAddress } from '../../flow/address.js';
import type { Log } from '../../flow/service/log.js';
import type { Faults, FlowSource, Origin } from '../contracts.js';
import { InputError } from './input-error.js';
import { bindError, createAllowList, type ListenAddress, listenName, senderAddress, socketOptions } from './listen.js';
import { MAX_EXPORTERS, Origins, type SensorOf } from './origins.js';
import { askForBuffer } from './receive-buffer.js';
import { SteeredSockets } from './steered-sockets.js';
import { type TopSender, TopSenders } from './top-senders.js';
import { createKernelDrops, type KernelDrops, type SocketDrops } from './udp-kernel-drops.js';

export const UDP_DEFAULTS = {
  /** Asked of the kernel for each socket: half a second at 150 000 small datagrams per second. */
  receiveBufferOctets: 8 * 2 ** 20,
  /** Datagrams held while `deliver` makes us wait; more are dropped and counted. */
  maxQueuedDatagrams: 16_384,
  /** Exporters whose origin is remembered at a time; the oldest is forgotten, and made again when it sends. */
  maxExporters: MAX_EXPORTERS,
  /** How often the kernel's drop counters are read, and refused datagrams told. */
  dropsIntervalMs: 1000,
  /** Datagrams a second from one address; 0 is no limit. */
  maxDatagramsPerSecond: 0,
  /** Longest that a stop reads on, to fetch what the kernel has already taken. */
  maxFetchMs: 1000,
} as const;

/** Refused senders that are counted by their address; see TopSenders. */
const REFUSED_SENDERS = 16;

export type UdpAddress = ListenAddress;

export interface UdpInputOptions {
  readonly listen: readonly UdpAddress[];
  /** Who may send. Everybody when undefined, nobody when empty. */
  readonly allow?: readonly Prefix[];
  readonly receiveBufferOctets?: number;
  readonly maxQueuedDatagrams?: number;
  readonly maxExporters?: number;
  readonly dropsIntervalMs?: number;
  /**
   * What one address may send in a second, and at once after a pause; more is refused, so that one exporter that floods does not take the decoder from the
   * others. They still share the socket's buffer: its drops are the kernel's. 0, the default, is no limit.
   */
  readonly maxDatagramsPerSecond?: number;
}

export interface UdpInputDependencies {
  readonly log: Log;
  readonly faults: Faults;
  readonly sensorOf: SensorOf;
  /** Wall clock in ms, for the time of arrival. */
  readonly now: () => number;
  /** Told whenever the kernel dropped datagrams at one of the sockets. */
  readonly onKernelDrops: (drops: SocketDrops) => void;
  /** Told about once a second how many datagrams of a sensor were over its limit. */
  readonly onLimited: (sensor: string, datagrams: number) => void;
  /** Told of each datagram that was dropped because `deliver` makes us wait and the queue is full; `receivedMs` of its origin is set. */
  readonly onOverrun?: (origin: Origin) => void;
  /** Takes what a steered socket received from somebody else; only where `steer` is used. */
  readonly onStray?: (payload: Uint8Array, sender: RemoteInfo, listen: ListenAddress) => void;
}

/** datagrams = delivered + queueDrops + what is queued; refused and limited ones are not among them. Kernel drops are in none of the others. */
export interface UdpCounters {
  datagrams: number;
  octets: number;
  delivered: number;
  /** Of senders that are not allowed. */
  refused: number;
  /** Of senders that sent more than their limit. */
  limited: number;
  queueDrops: number;
  kernelDrops: number;
}

/** What the kernel gave a socket to keep datagrams in until they are fetched, in octets of payload. */
export interface ReceiveBuffer extends UdpAddress {
  readonly asked: number;
  readonly granted: number;
}

export interface UdpInput extends FlowSource {
  readonly counters: Readonly<UdpCounters>;
  /** Of the open sockets. */
  readonly buffers: readonly ReceiveBuffer[];
  /** Addresses that were refused most: a hint, since anybody can forge them. */
  refusedSenders(): TopSender[];
  /** Opens the sockets and answers where they are bound. `start` calls it when nobody has. Throws InputError, for 'port-in-use' above all. */
  bind(): Promise<readonly UdpAddress[]>;
  /** Takes a datagram that another process received (udp-dispatcher.ts), at its time of arrival there. */
  inject(payload: Uint8Array, sender: { readonly address: string; readonly port: number }, receivedMs: number): void;
  /** Opens a socket for one sender alone, on a port that another process holds. */
  steer(listen: ListenAddress, sender: { readonly address: string; readonly port: number }): Promise<void>;
}

/** UDP sockets for export datagrams. Inert until `bind` or `start`; `start` resolves after `stop`. */
export function createUdpInput(options: UdpInputOptions, dependencies: UdpInputDependencies): UdpInput {
  return new UdpSockets({ ...UDP_DEFAULTS, ...options }, dependencies);
}

type Settings = Required<Omit<UdpInputOptions, 'allow'>> & Pick<UdpInputOptions, 'allow'>;

interface Queued {
  readonly payload: Uint8Array;
  readonly origin: Origin;
  readonly receivedMs: number;
}

/** What one address may still send. */
interface Allowance {
  readonly sensor: string;
  left: number;
  asOfMs: number;
  /** Refused and not yet told. */
  limited: number;
}

class UdpSockets implements UdpInput {
  readonly counters: UdpCounters = { datagrams: 0, octets: 0, delivered: 0, refused: 0, limited: 0, queueDrops: 0, kernelDrops: 0 };
  private readonly options: Settings;
  private readonly dependencies: UdpInputDependencies;
  private readonly origins: Origins;
  private readonly isAllowed: (address: Uint8Array) => boolean;
  private last: { readonly address: string; readonly origin: Origin } | undefined;
  /** Senders refused lately, so that a flood of theirs costs a look-up each. */
  private readonly refused = new Set<string>();
  /** By address as text, where there is a limit: an address cannot get more by using several ports. */
  private readonly allowances = new Map<string, Allowance>();
  private readonly topRefused = new TopSenders(REFUSED_SENDERS);
  private readonly sockets: Socket[] = [];
  private readonly steered: SteeredSockets;
  readonly buffers: ReceiveBuffer[] = [];
  private binding: Promise<readonly UdpAddress[]> | undefined;
  private drops: KernelDrops | undefined;
  private timer: NodeJS.Timeout | undefined;
  private deliver: Parameters<FlowSource['start']>[0] | undefined;
  private queue: Queued[] = [];
  /** In the queue, or taken from it and not yet handed over. */
  private queued = 0;
  /** Set while `deliver` makes us wait: what arrives then is queued. */
  private pumping: Promise<void> | undefined;
  private finish: ((error?: unknown) => void) | undefined;
  private stopping: Promise<void> | undefined;

  constructor(options: Settings, dependencies: UdpInputDependencies) {
    this.options = options;
    this.dependencies = dependencies;
    this.origins = new Origins(dependencies.sensorOf, 'udp', options.maxExporters);
    this.isAllowed = createAllowList(options.allow);
    const { log, now, onStray = () => undefined } = dependencies;
    this.steered = new SteeredSockets({
      log,
      receiveBufferOctets: options.receiveBufferOctets,
      now,
      receive: (payload, sender) => this.receive(payload, sender, now()),
      stray: onStray,
      opened: ({ address, port }) => this.drops?.watch(address, port),
    });
  }

  refusedSenders(): TopSender[] {
    return this.topRefused.list();
  }

  bind(): Promise<readonly UdpAddress[]> {
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
    if (this.queued > 0) this.pump(undefined);
    await ended;
  }

  inject(payload: Uint8Array, sender: { readonly address: string; readonly port: number }, receivedMs: number): void {
    this.receive(payload, sender, receivedMs);
  }

  async steer(listen: ListenAddress, sender: { readonly address: string; readonly port: number }): Promise<void> {
    if (this.stopping === undefined) await this.steered.open(listen, sender);
  }

  stop(): Promise<void> {
    this.stopping ??= this.close();
    return this.stopping;
  }

  private async open(): Promise<readonly UdpAddress[]> {
    try {
      for (const listen of this.options.listen) this.sockets.push(await this.openSocket(listen));
    } catch (error) {
      for (const socket of this.sockets) socket.close();
      this.sockets.length = 0;
      throw error;
    }
    const bound = this.sockets.map((socket) => {
      const { address, port } = socket.address();
      return { address, port };
    });
    this.drops = createKernelDrops(bound);
    if ((await this.drops.read()) === undefined) {
      this.dependencies.log.warn({}, 'this system does not tell how many datagrams it drops; loss is known from sequence numbers alone');
    }
    this.timer = setInterval(() => void this.readDrops(), this.options.dropsIntervalMs);
    this.timer.unref();
    return bound;
  }

  private async openSocket(listen: UdpAddress): Promise<Socket> {
    parseAddress(listen.address);
    const socket = createSocket(socketOptions(listen.address));
    try {
      socket.bind({ address: listen.address, port: listen.port, exclusive: true });
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      throw bindError('UDP', listen, error);
    }
    askForBuffer(socket, listen, this.options.receiveBufferOctets, this.dependencies.log);
    socket.on('message', (payload, sender) => this.receive(payload, sender, this.dependencies.now()));
    socket.on('error', (error) =>
      this.fail(new InputError('socket-failed', `${listenName('UDP', listen)} failed: ${error.message}`, { cause: error })),
    );
    return socket;
  }

  private receive(payload: Uint8Array, sender: { readonly address: string; readonly port: number }, receivedMs: number): void {
    const origin = this.originOf(sender);
    if (origin === undefined) {
      this.counters.refused++;
      this.topRefused.add(sender.address);
      this.dependencies.faults.add('refused');
      return;
    }
    if (this.options.maxDatagramsPerSecond > 0 && !this.spend(sender.address, origin.sensor, receivedMs)) return;
    this.counters.datagrams++;
    this.counters.octets += payload.length;
    if (this.pumping === undefined && this.deliver !== undefined) this.pump(this.hand(payload, origin, receivedMs));
    else if (this.queued >= this.options.maxQueuedDatagrams) {
      this.counters.queueDrops++;
      origin.receivedMs = receivedMs;
      this.dependencies.onOverrun?.(origin);
    } else {
      this.queue.push({ payload, origin, receivedMs });
      this.queued++;
    }
  }

  /** Senders come in bursts: comparing with the last one is cheaper than making a key. */
  private originOf(sender: { readonly address: string; readonly port: number }): Origin | undefined {
    const { last } = this;
    if (last !== undefined && last.origin.exporterPort === sender.port && last.address === sender.address) return last.origin;
    const key = `${sender.address} ${sender.port}`;
    const origin = this.origins.get(key) ?? this.admit(key, sender);
    if (origin !== undefined) this.last = { address: sender.address, origin };
    return origin;
  }

  /** The origin of a sender not seen lately, undefined when it is not allowed. */
  private admit(key: string, sender: { readonly address: string; readonly port: number }): Origin | undefined {
    if (this.refused.has(sender.address)) return undefined;
    const address = senderAddress(sender.address);
    if (!this.isAllowed(address)) {
      if (this.refused.size >= this.options.maxExporters) this.refused.clear();
      this.refused.add(sender.address);
      return undefined;
    }
    return this.origins.add(key, address, sender.port);
  }

  /** False when the address has used up what it may send: a bucket of one second's datagrams that fills with time. */
  private spend(address: string, sensor: string, nowMs: number): boolean {
    const most = this.options.maxDatagramsPerSecond;
    let allowance = this.allowances.get(address);
    if (allowance === undefined) {
      if (this.allowances.size >= this.options.maxExporters) {
        this.tellLimited();
        this.allowances.clear();
      }
      allowance = { sensor, left: most, asOfMs: nowMs, limited: 0 };
      this.allowances.set(address, allowance);
    }
    // A clock that is set back gives nothing, and takes nothing.
    const elapsedMs = Math.max(0, nowMs - allowance.asOfMs);
    allowance.left = Math.min(most, allowance.left + (elapsedMs * most) / 1000);
    allowance.asOfMs = nowMs;
    if (allowance.left >= 1) {
      allowance.left--;
      return true;
    }
    allowance.limited++;
    this.counters.limited++;
    this.dependencies.faults.add('refused');
    return false;
  }

  private tellLimited(): void {
    for (const allowance of this.allowances.values()) {
      if (allowance.limited === 0) continue;
      this.dependencies.onLimited(allowance.sensor, allowance.limited);
      allowance.limited = 0;
    }
  }

  private hand(payload: Uint8Array, origin: Origin, receivedMs: number): void | Promise<void> {
    if (this.deliver === undefined) return;
    this.counters.delivered++;
    origin.receivedMs = receivedMs;
    try {
      return this.deliver(payload, origin);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Waits for `done`, then hands over in order what arrived meanwhile. */
  private pump(done: void | Promise<void>): void {
    if (done === undefined && this.queued === 0) return;
    this.pumping = this.drain(done)
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.pumping = undefined;
      });
  }

  private async drain(done: void | Promise<void>): Promise<void> {
    if (done !== undefined) await done;
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      for (const { payload, origin, receivedMs } of batch) {
        this.queued--;
        const next = this.hand(payload, origin, receivedMs);
        if (next !== undefined) await next;
      }
    }
  }

  private async readDrops(): Promise<void> {
    this.tellLimited();
    this.steered.closeIdle();
    const drops = await this.drops?.read();
    for (const drop of drops ?? []) {
      this.counters.kernelDrops += drop.dropped;
      this.dependencies.onKernelDrops(drop);
    }
  }

  private fail(error: unknown): void {
    const { finish } = this;
    this.finish = undefined;
    this.deliver = undefined;
    finish?.(error);
    void this.stop();
  }

  /** Reads on until a turn of the event loop brings nothing more: datagrams in the socket's buffer were received as far as anybody can know. */
  private async fetchRest(): Promise<void> {
    const until = performance.now() + UDP_DEFAULTS.maxFetchMs;
    const seen = (): number => this.counters.datagrams + this.counters.refused + this.counters.limited;
    for (let before = -1; seen() > before && performance.now() < until; ) {
      before = seen();
      // Two turns: a socket that is read in this one may have been polled before its datagrams came.
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private async close(): Promise<void> {
    clearInterval(this.timer);
    await this.binding?.catch(() => undefined);
    clearInterval(this.timer);
    if (this.deliver !== undefined) await this.fetchRest();
    await this.readDrops();
    await this.steered.closeAll();
    await Promise.all(
      this.sockets.map((socket) => {
        const closed = once(socket, 'close');
        socket.close();
        return closed;
      }),
    );
    // Not waited for: `deliver` may itself be what calls `stop`.
    void (this.pumping ?? Promise.resolve()).then(() => this.finish?.());
  }
}
